// The small fleets scenarios are made of.

/** A Flux Kustomization of the bootstrapped source. */
export function kustomization(name: string, path: string, extra = ""): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:
  interval: 10m
  retryInterval: 2s
  timeout: 1m
  sourceRef:
    kind: GitRepository
    name: flux-system
  path: ${path}
  prune: true
${extra}`;
}

export function configMap(name: string, data: Record<string, string>, namespace = "default", annotations = ""): string {
  const lines = Object.entries(data).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: ${namespace}
${annotations === "" ? "" : `  annotations:\n    ${annotations}\n`}data:
${lines.join("")}`;
}

export function deployment(name: string, namespace = "default", image = "registry.example.com/app:1.0.0"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  replicas: 2
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers:
        - name: app
          image: ${image}
          ports:
            - containerPort: 8080
`;
}

export function namespace(name: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
}
