// Checks that write: apply, patches, definitions, tokens, scale, events, deletion, status, eviction, errors.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/retry"
)

func deploymentApply(image string) *appsapply.DeploymentApplyConfiguration {
	labels := map[string]string{"app": "web"}
	container := coreapply.Container().WithName("web").WithImage(image)
	pod := coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().WithContainers(container))
	selector := metaapply.LabelSelector().WithMatchLabels(labels)
	return appsapply.Deployment("web", namespace).WithSpec(appsapply.DeploymentSpec().WithReplicas(0).WithSelector(selector).WithTemplate(pod))
}

func typedApply(ctx context.Context, w *world) (any, error) {
	deployments := w.client.AppsV1().Deployments(namespace)
	if _, err := deployments.Apply(ctx, deploymentApply("web:1"), metav1.ApplyOptions{FieldManager: "one"}); err != nil {
		return nil, err
	}
	_, conflict := deployments.Apply(ctx, deploymentApply("web:2"), metav1.ApplyOptions{FieldManager: "two"})
	if !apierrors.IsConflict(conflict) {
		return nil, fmt.Errorf("no conflict: %w", conflict)
	}
	forced, err := deployments.Apply(ctx, deploymentApply("web:2"), metav1.ApplyOptions{FieldManager: "two", Force: true})
	if err != nil {
		return nil, err
	}
	// What the first manager still owns, read back as its own configuration and applied again.
	mine, err := appsapply.ExtractDeployment(forced, "one")
	if err != nil {
		return nil, err
	}
	again, err := deployments.Apply(ctx, mine.WithLabels(map[string]string{"by": "one"}), metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return nil, err
	}
	statused, err := deployments.ApplyStatus(ctx, appsapply.Deployment("web", namespace).WithStatus(appsapply.DeploymentStatus().WithReplicas(3)), metav1.ApplyOptions{FieldManager: "status"})
	if err != nil {
		return nil, err
	}
	managers := []string{}
	for _, entry := range statused.ManagedFields {
		managers = append(managers, fmt.Sprintf("%s %s %s %s", entry.Manager, entry.Operation, entry.Subresource, entry.FieldsV1.GetRawString()))
	}
	return map[string]any{
		"conflict": conflict.Error(), "image": again.Spec.Template.Spec.Containers[0].Image, "labels": again.Labels,
		"generation": statused.Generation, "managers": managers, "replicas": statused.Status.Replicas,
	}, nil
}

func patches(ctx context.Context, w *world) (any, error) {
	deployments := w.client.AppsV1().Deployments(namespace)
	found := []string{}
	for _, one := range []struct {
		kind types.PatchType
		body string
	}{
		{types.StrategicMergePatchType, `{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}`},
		{types.StrategicMergePatchType, `{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"}],"$setElementOrder/containers":[{"name":"side"},{"name":"web"}]}}}}`},
		{types.JSONPatchType, `[{"op":"test","path":"/spec/replicas","value":0},{"op":"add","path":"/metadata/annotations","value":{"x":"y"}}]`},
		{types.MergePatchType, `{"metadata":{"annotations":{"x":null,"z":"1"}}}`},
		{types.JSONPatchType, `[{"op":"test","path":"/spec/replicas","value":7}]`},
		{types.JSONPatchType, `[{"op":"remove","path":"/spec/nothing"}]`},
	} {
		patched, err := deployments.Patch(ctx, "web", one.kind, []byte(one.body), metav1.PatchOptions{FieldManager: "patcher"})
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		names := []string{}
		for _, container := range patched.Spec.Template.Spec.Containers {
			names = append(names, fmt.Sprint(container.Name, len(container.Env)))
		}
		found = append(found, fmt.Sprint(names, patched.Annotations))
	}
	return found, nil
}

var definitionResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

const definition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"cogs.clients.example.com"},
"spec":{"group":"clients.example.com","scope":"Namespaced","names":{"plural":"cogs","singular":"cog","kind":"Cog","shortNames":["cg"]},
"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.teeth","statusReplicasPath":".status.teeth"}},
"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["teeth"],"properties":{"teeth":{"type":"integer","minimum":1,"default":8},
"size":{"type":"string","enum":["small","large"],"default":"small"}},"x-kubernetes-validations":[{"rule":"self.teeth < 100","message":"too many teeth"}]},
"status":{"type":"object","properties":{"teeth":{"type":"integer"}}}}}}}]}}`

func dynamicClient(ctx context.Context, w *world) (any, error) {
	client, err := dynamic.NewForConfig(w.config)
	if err != nil {
		return nil, err
	}
	crd := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(definition), crd); err != nil {
		return nil, err
	}
	if _, err := client.Resource(definitionResource).Create(ctx, crd, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	cogs := client.Resource(schema.GroupVersionResource{Group: "clients.example.com", Version: "v1", Resource: "cogs"}).Namespace(namespace)
	err = until(ctx, "the kind to be served", func() bool {
		_, err := cogs.List(ctx, metav1.ListOptions{})
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	watcher, err := cogs.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	defer watcher.Stop()
	cog := func(name string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "clients.example.com/v1", "kind": "Cog", "metadata": map[string]any{"name": name}, "spec": spec,
		}}
	}
	made, err := cogs.Create(ctx, cog("a", map[string]any{"unknown": true}), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	_, tooMany := cogs.Create(ctx, cog("b", map[string]any{"teeth": int64(100)}), metav1.CreateOptions{})
	_, tooBig := cogs.Create(ctx, cog("b", map[string]any{"size": "huge"}), metav1.CreateOptions{})
	_, strict := cogs.Create(ctx, cog("b", map[string]any{"unknown": true}), metav1.CreateOptions{FieldValidation: "Strict"})
	applied, err := cogs.Apply(ctx, "a", cog("a", map[string]any{"teeth": int64(9)}), metav1.ApplyOptions{FieldManager: "dynamic", Force: true})
	if err != nil {
		return nil, err
	}
	_ = unstructured.SetNestedField(applied.Object, int64(9), "status", "teeth")
	statused, err := cogs.UpdateStatus(ctx, applied, metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	if err := cogs.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	seen := []string{}
	for event := range watcher.ResultChan() {
		seen = append(seen, string(event.Type))
		if event.Type == "DELETED" {
			break
		}
	}
	return map[string]any{
		"made": made.Object["spec"], "tooMany": fmt.Sprint(tooMany), "tooBig": fmt.Sprint(tooBig), "strict": fmt.Sprint(strict),
		"status": statused.Object["status"], "generation": statused.GetGeneration(), "seen": seen,
	}, nil
}

func protobuf(ctx context.Context, w *world) (any, error) {
	config := rest.CopyConfig(w.config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	grace := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "packed", Labels: map[string]string{"packed": "yes"}, Annotations: map[string]string{"size": "größe"}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace, NodeName: "nowhere",
			Containers: []corev1.Container{{Name: "c", Image: "i:1", Args: []string{"", "b"}, Ports: []corev1.ContainerPort{{ContainerPort: 80}}}},
		},
	}
	if _, err := client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	got, err := client.CoreV1().Pods(namespace).Get(ctx, "packed", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	got.Labels["more"] = "yes"
	if _, err := client.CoreV1().Pods(namespace).Update(ctx, got, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "more=yes"})
	if err != nil || len(list.Items) != 1 {
		return nil, fmt.Errorf("%d pods: %w", len(list.Items), err)
	}
	_, invalid := client.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "Bad_Name"}}, metav1.CreateOptions{})
	spec := list.Items[0].Spec
	err = client.CoreV1().Pods(namespace).Delete(ctx, "packed", metav1.DeleteOptions{GracePeriodSeconds: &grace})
	return map[string]any{
		"labels": list.Items[0].Labels, "annotations": list.Items[0].Annotations, "args": spec.Containers[0].Args,
		"ports": spec.Containers[0].Ports, "policy": spec.RestartPolicy, "invalid": fmt.Sprint(invalid),
	}, err
}

func tokens(ctx context.Context, w *world) (any, error) {
	accounts := w.client.CoreV1().ServiceAccounts(namespace)
	if _, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "worker"}}, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	seconds := int64(3600)
	token, err := accounts.CreateToken(ctx, "worker", &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(w.config)
	config.BearerToken = token.Status.Token
	worker, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	me, err := worker.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	_, refused := worker.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "reads"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"configmaps"}}}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reads"}, RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "reads"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "worker", Namespace: namespace}},
	}
	if _, err := w.client.RbacV1().Roles(namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	if _, err := w.client.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	err = until(ctx, "the role to count", func() bool {
		_, err := worker.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
		return err == nil
	})
	review, failed := w.client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token}}, metav1.CreateOptions{})
	if failed != nil {
		return nil, failed
	}
	config.BearerToken = "nonsense"
	stranger, _ := kubernetes.NewForConfig(config)
	_, unknown := stranger.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	groups := me.Status.UserInfo.Groups
	sort.Strings(groups)
	return map[string]any{
		"me": me.Status.UserInfo.Username, "groups": groups, "refused": fmt.Sprint(refused),
		"reviewed": review.Status.Authenticated, "as": review.Status.User.Username, "unknown": apierrors.IsUnauthorized(unknown),
	}, err
}

func scaleClient(ctx context.Context, w *world) (any, error) {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(w.client.Discovery()))
	kinds := scale.NewDiscoveryScaleKindResolver(w.client.Discovery().(discovery.DiscoveryInterface))
	client, err := scale.NewForConfig(w.config, mapper, dynamic.LegacyAPIPathResolverFunc, kinds)
	if err != nil {
		return nil, err
	}
	scales := client.Scales(namespace)
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	now, err := scales.Get(ctx, deployments, "web", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	now.Spec.Replicas = 2
	next, err := scales.Update(ctx, deployments, now, metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	patched, err := scales.Patch(ctx, deployments.WithVersion("v1"), "web", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{})
	if err != nil {
		return nil, err
	}
	return map[string]any{"selector": next.Status.Selector, "updated": next.Spec.Replicas, "patched": patched.Spec.Replicas}, nil
}

func events(ctx context.Context, w *world) (any, error) {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: w.client.CoreV1().Events(namespace)})
	teller := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "clients"})
	about := &corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "told", UID: "1"}
	for range 3 {
		teller.Eventf(about, corev1.EventTypeNormal, "Told", "something happened")
	}
	selector := metav1.ListOptions{FieldSelector: "involvedObject.name=told,reason=Told"}
	var count int32
	err := until(ctx, "three events in one", func() bool {
		list, err := w.client.CoreV1().Events(namespace).List(ctx, selector)
		if err == nil && len(list.Items) == 1 {
			count = list.Items[0].Count
		}
		return count == 3
	})
	return count, err
}

func deletion(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	owner, err := maps.Create(ctx, configMap("owner", nil), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	other := types.UID("00000000-0000-0000-0000-000000000000")
	wrong := maps.Delete(ctx, "owner", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}})
	stale := "1"
	old := maps.Delete(ctx, "owner", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &stale}})
	foreground := metav1.DeletePropagationForeground
	if err := maps.Delete(ctx, "owner", metav1.DeleteOptions{PropagationPolicy: &foreground, DryRun: []string{"All"}}); err != nil {
		return nil, err
	}
	if _, err := maps.Get(ctx, "owner", metav1.GetOptions{}); err != nil {
		return nil, err
	}
	if err := maps.Delete(ctx, "owner", *metav1.NewPreconditionDeleteOptions(string(owner.UID))); err != nil {
		return nil, err
	}
	held := configMap("held", nil)
	held.Finalizers = []string{"example.com/hold"}
	if _, err := maps.Create(ctx, held, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	if err := maps.Delete(ctx, "held", metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	waiting, err := maps.Get(ctx, "held", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	waiting.Finalizers = nil
	if _, err := maps.Update(ctx, waiting, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	_, gone := maps.Get(ctx, "held", metav1.GetOptions{})
	if err := maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "page=yes"}); err != nil {
		return nil, err
	}
	left, err := maps.List(ctx, metav1.ListOptions{LabelSelector: "page=yes"})
	return map[string]any{
		"wrong": apierrors.IsConflict(wrong), "old": apierrors.IsConflict(old), "waited": waiting.DeletionTimestamp != nil,
		"gone": apierrors.IsNotFound(gone), "left": len(left.Items),
	}, err
}

func status(ctx context.Context, w *world) (any, error) {
	deployments := w.client.AppsV1().Deployments(namespace)
	live, err := deployments.Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	live.Spec.Template.Spec.Containers[0].Image = "not-taken"
	live.Status.Conditions = []appsv1.DeploymentCondition{{Type: "Told", Status: "True", Reason: "ByHand", LastUpdateTime: metav1.NewTime(time.Unix(0, 0)), LastTransitionTime: metav1.NewTime(time.Unix(0, 0))}}
	after, err := deployments.UpdateStatus(ctx, live, metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	told := ""
	for _, condition := range after.Status.Conditions {
		told += string(condition.Type)
	}
	return map[string]any{"image": after.Spec.Template.Spec.Containers[0].Image == "not-taken", "told": told}, nil
}

func eviction(ctx context.Context, w *world) (any, error) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "evicted"},
		Spec:       corev1.PodSpec{NodeName: "nowhere", Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	if _, err := w.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	now := int64(0)
	evict := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "evicted"}, DeleteOptions: &metav1.DeleteOptions{GracePeriodSeconds: &now}}
	if err := w.client.CoreV1().Pods(namespace).EvictV1(ctx, evict); err != nil {
		return nil, err
	}
	err := until(ctx, "the pod to be gone", func() bool {
		_, err := w.client.CoreV1().Pods(namespace).Get(ctx, "evicted", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	missing := w.client.CoreV1().Pods(namespace).EvictV1(ctx, evict)
	return map[string]any{"missing": fmt.Sprint(missing)}, err
}

func retries(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	if _, err := maps.Create(ctx, configMap("counter", map[string]string{}), metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	failures := make(chan error, 5)
	for n := range 5 {
		go func() {
			failures <- retry.RetryOnConflict(wideBackOff, func() error {
				live, err := maps.Get(ctx, "counter", metav1.GetOptions{})
				if err != nil {
					return err
				}
				if live.Data == nil {
					live.Data = map[string]string{}
				}
				live.Data[fmt.Sprint("w", n)] = "done"
				_, err = maps.Update(ctx, live, metav1.UpdateOptions{})
				return err
			})
		}()
	}
	var all error
	for range 5 {
		all = errors.Join(all, <-failures)
	}
	live, err := maps.Get(ctx, "counter", metav1.GetOptions{})
	return live.Data, errors.Join(all, err)
}

// wideBackOff leaves time for five writers of one object on a busy machine.
var wideBackOff = wait.Backoff{Steps: 100, Duration: 10 * time.Millisecond, Factor: 1.0, Jitter: 0.5}

func errorKinds(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	_, missing := maps.Get(ctx, "nothing", metav1.GetOptions{})
	_, twice := maps.Create(ctx, configMap("counter", nil), metav1.CreateOptions{})
	_, bad := maps.Create(ctx, configMap("Not A Name", nil), metav1.CreateOptions{})
	_, homeless := w.client.CoreV1().ConfigMaps("no-such-place").Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	_, selector := maps.List(ctx, metav1.ListOptions{FieldSelector: "spec.nothing=1"})
	_, expired := maps.List(ctx, metav1.ListOptions{Continue: "bm9uc2Vuc2U"})
	_, future := maps.List(ctx, metav1.ListOptions{ResourceVersion: "99999999", ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	return []string{
		fmt.Sprint(apierrors.IsNotFound(missing), missing), fmt.Sprint(apierrors.IsAlreadyExists(twice), twice),
		fmt.Sprint(apierrors.IsInvalid(bad), bad), fmt.Sprint(apierrors.IsNotFound(homeless), homeless),
		fmt.Sprint(apierrors.IsBadRequest(selector), selector),
		// What is wrong with the JSON inside is said in the words of each language.
		fmt.Sprint(apierrors.ReasonForError(expired), strings.HasPrefix(fmt.Sprint(expired), "invalid continue token: continue key is not valid: ")),
		fmt.Sprint(apierrors.IsTimeout(future)),
	}, nil
}
