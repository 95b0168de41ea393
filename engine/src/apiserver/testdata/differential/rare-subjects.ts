// The kinds that few people write themselves: a valid object of each, and a part that varies it.
// FlowSchemas stand by themselves: the real server writes their status when it gets to it; and so do those whose names are not free.

import { type Subject, subject } from "./subjects.ts";

const matchConstraints = { resourceRules: [{ apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nothings"] }] };
const cluster = { isNamespaced: false };
const device = { name: "d", attributes: { model: { string: "a" } }, capacity: { memory: { value: "1Gi" } } };
const asked = { name: "r", exactly: { deviceClassName: "gpu.example.com" } };

const got = { driver: "a.example.com", pool: "p", device: "d" };
const claimed = {
  allocation: {
    devices: { results: [{ request: "r", ...got }], config: [{ source: "FromClaim", requests: ["r"], opaque: { driver: "a.example.com", parameters: { a: 1 } } }] },
    nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] }] },
  },
  reservedFor: [{ resource: "pods", name: "x", uid: "1" }],
  devices: [
    {
      ...got,
      conditions: [{ type: "Ready", status: "True", reason: "Up", message: "", lastTransitionTime: "2020-01-01T00:00:00Z" }],
      data: { a: 1 },
      networkData: { interfaceName: "eth0", ips: ["10.9.8.1/24"], hardwareAddress: "aa:bb" },
    },
  ],
};

export const rareSubjects: readonly Subject[] = [
  subject("csinode", "storage.k8s.io/v1", "CSINode", "csinodes", { ...cluster, base: { spec: { drivers: [] } }, parts: [{ spec: { drivers: [{ name: "a.example.com", nodeID: "n", topologyKeys: ["zone"] }] } }, { spec: { drivers: [{ name: "a.example.com", nodeID: "n", topologyKeys: ["zone"], allocatable: { count: 3 } }] } }] }),
  subject("volumeattachment", "storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", { ...cluster, base: { spec: { attacher: "a.example.com", nodeName: "n", source: { persistentVolumeName: "p" } } }, parts: [], status: [{ attached: true }, { attached: true, attachmentMetadata: { a: "b" } }, { attached: false, attachError: { message: "x", time: "2020-01-01T00:00:00Z" } }] }),
  subject("volumeattributesclass", "storage.k8s.io/v1", "VolumeAttributesClass", "volumeattributesclasses", { ...cluster, base: { driverName: "a.example.com", parameters: { a: "b" } }, parts: [{ parameters: { a: "c" } }] }),
  subject("csistoragecapacity", "storage.k8s.io/v1", "CSIStorageCapacity", "csistoragecapacities", { base: { storageClassName: "fast", capacity: "1Gi" }, parts: [{ capacity: "2Gi" }, { maximumVolumeSize: "1Gi" }, { nodeTopology: { matchLabels: { zone: "a" } } }] }),
  subject("servicecidr", "networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", { ...cluster, base: { spec: { cidrs: ["10.97.0.0/24"] } }, parts: [] }),
  subject("prioritylevel", "flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration", "prioritylevelconfigurations", { ...cluster, base: { spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } } }, parts: [{ spec: { limited: { nominalConcurrencyShares: 5 } } }, { spec: { limited: { limitResponse: { type: "Queue", queuing: { queues: 8, handSize: 3 } } } } }, { spec: { limited: { lendablePercent: 20, borrowingLimitPercent: 50 } } }], status: [{ conditions: [{ type: "X", status: "True", reason: "Y" }] }] }),
  subject("mutatingpolicy", "admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies", { ...cluster, base: { spec: { matchConstraints, failurePolicy: "Fail", reinvocationPolicy: "Never", mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: "[JSONPatch{op: 'test', path: '/a', value: 1}]" } }] } }, parts: [{ spec: { failurePolicy: "Ignore" } }, { spec: { variables: [{ name: "a", expression: "1" }] } }, { spec: { matchConditions: [{ name: "x", expression: "true" }] } }, { spec: { paramKind: { apiVersion: "v1", kind: "ConfigMap" } } }] }),
  subject("mutatingpolicybinding", "admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", { ...cluster, base: { spec: { policyName: "none-such" } }, parts: [{ spec: { matchResources: { namespaceSelector: { matchLabels: { a: "b" } } } } }, { spec: { paramRef: { name: "p", namespace: "default", parameterNotFoundAction: "Allow" } } }] }),
  subject("deviceclass", "resource.k8s.io/v1", "DeviceClass", "deviceclasses", { ...cluster, base: { spec: {} }, parts: [{ spec: { selectors: [{ cel: { expression: "device.driver == 'a'" } }] } }, { spec: { config: [{ opaque: { driver: "a.example.com", parameters: { a: 1 } } }] } }, { spec: { extendedResourceName: "example.com/gpu" } }] }),
  subject("resourceclaim", "resource.k8s.io/v1", "ResourceClaim", "resourceclaims", { base: { spec: { devices: { requests: [asked] } } }, parts: [{ metadata: { annotations: { a: "c" } } }], status: [{}, claimed] }),
  subject("resourceclaimtemplate", "resource.k8s.io/v1", "ResourceClaimTemplate", "resourceclaimtemplates", { base: { spec: { spec: { devices: { requests: [asked] } } } }, parts: [{ metadata: { annotations: { a: "c" } } }] }),
  subject("resourceslice", "resource.k8s.io/v1", "ResourceSlice", "resourceslices", { ...cluster, base: { spec: { driver: "a.example.com", nodeName: "n", pool: { name: "p", generation: 1, resourceSliceCount: 1 }, devices: [device] } }, parts: [{ spec: { pool: { generation: 2 } } }] }),
];

const everyone = { kind: "Group", group: { name: "system:authenticated" } };
const everyPath = { verbs: ["get"], nonResourceURLs: ["/x"] };
const somePods = { verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["default"] };
const accounts = { kind: "ServiceAccount", serviceAccount: { name: "a", namespace: "default" } };

/** For requests that keep nothing. */
/** Its name follows from what it registers. */
export const registration: Subject = subject("registration", "apiregistration.k8s.io/v1", "APIService", "apiservices", {
  ...cluster,
  base: { metadata: { name: "v1.wrong.example.com" }, spec: { group: "wrong.example.com", version: "v1", groupPriorityMinimum: 100, versionPriority: 10 } },
  parts: [{ spec: { service: { name: "s", namespace: "n", port: 8443 }, caBundle: "YQ==" } }, { spec: { service: { name: "s", namespace: "n" }, insecureSkipTLSVerify: true } }],
});

export const flowSchema: Subject = subject("flowschema", "flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "flowschemas", {
  ...cluster,
  base: { spec: { priorityLevelConfiguration: { name: "none-such" }, rules: [{ subjects: [everyone], nonResourceRules: [everyPath] }] } },
  parts: [{ spec: { distinguisherMethod: { type: "ByUser" }, matchingPrecedence: 5000 } }, { spec: { rules: [{ subjects: [accounts, { kind: "User", user: { name: "u" } }], resourceRules: [somePods] }] } }],
});

/** Its name is what it is about. */
export const addressObject: Subject = subject("ipaddress", "networking.k8s.io/v1", "IPAddress", "ipaddresses", {
  ...cluster,
  base: { metadata: { name: "192.168.7.9" }, spec: { parentRef: { resource: "things", name: "t", namespace: "n", group: "example.com" } } },
  parts: [{ spec: { parentRef: { group: "" } } }, { metadata: { name: "fe80::9" } }, { metadata: { name: "FE80::9" } }],
});

const secretRef = { name: "s", namespace: "n" };
const zone = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }] } };
const portal = { targetPortal: "10.0.0.1:3260", iqn: "iqn.2001-04.com.example:storage.disk1", lun: 1 };

/** A volume of each kind. */
export const volumeKinds: Subject = subject("volumekinds", "v1", "PersistentVolume", "persistentvolumes", {
  ...cluster,
  base: { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], csi: { driver: "a.example.com", volumeHandle: "h", nodePublishSecretRef: secretRef } } },
  parts: [
    { nfs: { server: "a.example.com", path: "/x" } },
    { iscsi: { ...portal, initiatorName: "iqn.2001-04.com.example:client", secretRef } },
    { local: { path: "/x" }, nodeAffinity: zone },
    { fc: { targetWWNs: ["50060e801049cfd1"], lun: 0 } },
    { azureDisk: { diskName: "d", diskURI: "/subscriptions/x", kind: "Managed" } },
    { azureFile: { secretName: "s", shareName: "x", secretNamespace: "n" } },
    { cinder: { volumeID: "v", secretRef } },
    { cephfs: { monitors: ["a"] } },
    { rbd: { monitors: ["a"], image: "i" } },
    { glusterfs: { endpoints: "e", path: "p", endpointsNamespace: "n" } },
    { flocker: { datasetName: "d" } },
    { flexVolume: { driver: "example.com/x", options: { a: "b" } } },
    { gcePersistentDisk: { pdName: "p", partition: 1 } },
    { awsElasticBlockStore: { volumeID: "v" } },
    { quobyte: { registry: "a:1", volume: "v" } },
    { vsphereVolume: { volumePath: "/v" } },
    { portworxVolume: { volumeID: "v" } },
    { scaleIO: { gateway: "g", system: "s", secretRef, volumeName: "v" } },
    { storageos: { volumeName: "v", volumeNamespace: "n", secretRef: { name: "s", namespace: "n" } } },
    { photonPersistentDisk: { pdID: "p" } },
  ].map((spec) => ({ spec: { csi: null, ...spec } })),
});

/** All that is known of a volume, with its attachment. */
export const inlineAttachment: Subject = subject("inlineattachment", "storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", {
  ...cluster,
  base: { spec: { attacher: "a.example.com", nodeName: "n", source: { inlineVolumeSpec: { accessModes: ["ReadWriteOnce"], csi: { driver: "a.example.com", volumeHandle: "h" } } } } },
});

/** Kinds that only the scripts of fields play with: every request of theirs is refused, or keeps little. */
export const fieldSubjects: readonly Subject[] = [flowSchema, addressObject, registration, volumeKinds, inlineAttachment];
