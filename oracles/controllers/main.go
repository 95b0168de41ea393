// Runs kube-controller-manager's controllers of workloads, their endpoints, budgets and volumes, and its checks of policies' types, against
// an API server: controllers URL TOKEN. Scheduler, kubelet and provisioner are left to whoever compares with them.
package main

import (
	"context"
	"os"
	"time"

	apiextensionsscheme "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/cronjob"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/disruption"
	"k8s.io/kubernetes/pkg/controller/endpoint"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/kubernetes/pkg/controller/ttlafterfinished"
	"k8s.io/kubernetes/pkg/controller/validatingadmissionpolicystatus"
	"k8s.io/kubernetes/pkg/controller/volume/persistentvolume"
	"k8s.io/kubernetes/pkg/controller/volume/pvcprotection"
	"k8s.io/kubernetes/pkg/controller/volume/pvprotection"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

type loop interface {
	Run(ctx context.Context, workers int)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	tls := rest.TLSClientConfig{Insecure: true}
	config := &rest.Config{Host: os.Args[1], BearerToken: os.Args[2], TLSClientConfig: tls, QPS: 1000, Burst: 2000}
	client := kubernetes.NewForConfigOrDie(config)
	ctx := context.Background()
	watch := informers.NewSharedInformerFactory(client, 0)
	apps, core, batch, scheduling := watch.Apps().V1(), watch.Core().V1(), watch.Batch().V1(), watch.Scheduling().V1alpha2()
	backOff := flowcontrol.NewBackOff(time.Second, 15*time.Minute)
	kinds := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	schemas := resolver.NewDefinitionsSchemaResolver(openapi.GetOpenAPIDefinitions, scheme.Scheme, apiextensionsscheme.Scheme).
		Combine(&resolver.ClientDiscoveryResolver{Discovery: client.Discovery()})
	policies := client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	types := &validating.TypeChecker{SchemaResolver: schemas, RestMapper: kinds}
	scales := must(scale.NewForConfig(config, kinds, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(client.Discovery())))
	budgets := disruption.NewDisruptionController(ctx, core.Pods(), watch.Policy().V1().PodDisruptionBudgets(), core.ReplicationControllers(),
		apps.ReplicaSets(), apps.Deployments(), apps.StatefulSets(), client, kinds, scales, client.Discovery())
	volumes := must(persistentvolume.NewController(ctx, persistentvolume.ControllerParameters{
		KubeClient: client, SyncPeriod: time.Second, VolumeInformer: core.PersistentVolumes(), ClaimInformer: core.PersistentVolumeClaims(),
		ClassInformer: watch.Storage().V1().StorageClasses(), PodInformer: core.Pods(), NodeInformer: core.Nodes(),
	}))
	loops := []loop{
		must(deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), core.Pods(), client)),
		replicaset.NewReplicaSetController(ctx, apps.ReplicaSets(), core.Pods(), client, 500),
		statefulset.NewStatefulSetController(ctx, core.Pods(), apps.StatefulSets(), core.PersistentVolumeClaims(), apps.ControllerRevisions(), client),
		must(daemon.NewDaemonSetsController(ctx, apps.DaemonSets(), apps.ControllerRevisions(), core.Pods(), core.Nodes(), client, backOff)),
		must(job.NewController(ctx, client, core.Pods(), batch.Jobs(), scheduling.Workloads(), scheduling.PodGroups())),
		must(validatingadmissionpolicystatus.NewController(watch.Admissionregistration().V1().ValidatingAdmissionPolicies(), policies, types)),
		must(cronjob.NewControllerV2(ctx, batch.Jobs(), batch.CronJobs(), client)),
		must(pvcprotection.NewPVCProtectionController(klog.Background(), core.PersistentVolumeClaims(), core.Pods(), client)),
		pvprotection.NewPVProtectionController(klog.Background(), core.PersistentVolumes(), client),
		ttlafterfinished.New(ctx, batch.Jobs(), client),
		endpoint.NewEndpointController(ctx, core.Pods(), core.Services(), core.Endpoints(), client, 0),
		endpointslice.NewController(ctx, core.Pods(), core.Services(), core.Nodes(), watch.Discovery().V1().EndpointSlices(), 100, client, 0),
	}
	watch.Start(ctx.Done())
	for _, one := range loops {
		go one.Run(ctx, 2)
	}
	go budgets.Run(ctx)
	go volumes.Run(ctx)
	select {}
}
