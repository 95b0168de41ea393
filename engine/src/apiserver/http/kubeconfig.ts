// The file by which kubectl and every other client finds this control plane.

/** Kubeconfig text with one cluster, user and context named `name`. */
export function kubeconfigText(options: { name: string; url: string; authority: string; token: string }): string {
  const { name, url, token } = options;
  const authority = Buffer.from(options.authority).toString("base64");
  return `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: ${authority}
    server: ${url}
  name: ${name}
contexts:
- context:
    cluster: ${name}
    user: ${name}
  name: ${name}
current-context: ${name}
preferences: {}
users:
- name: ${name}
  user:
    token: ${token}
`;
}
