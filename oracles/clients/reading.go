// Checks that read: informers, elections, lists, watches, metadata, discovery.
package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	toolswatch "k8s.io/client-go/tools/watch"
)

func informersOverWatchList(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	for i := range 20 {
		if _, err := maps.Create(ctx, configMap(fmt.Sprintf("seen-%02d", i), nil), metav1.CreateOptions{}); err != nil {
			return nil, err
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	mine := func(object any) bool {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		return strings.HasPrefix(object.(*corev1.ConfigMap).Name, "seen-")
	}
	count := func(counter *atomic.Int32, object any) {
		if mine(object) {
			counter.Add(1)
		}
	}
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { count(&added, object) },
		UpdateFunc: func(_, object any) { count(&updated, object) },
		DeleteFunc: func(object any) { count(&deleted, object) },
	})
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced) {
		return nil, errors.New("never synced")
	}
	for i := range 20 {
		name := fmt.Sprintf("seen-%02d", i)
		if i%2 == 0 {
			_, err = maps.Update(ctx, configMap(name, map[string]string{"turn": "2"}), metav1.UpdateOptions{})
		} else {
			err = maps.Delete(ctx, name, metav1.DeleteOptions{})
		}
		if err != nil {
			return nil, err
		}
	}
	err = until(ctx, "20 added, 10 updated, 10 deleted", func() bool {
		return added.Load() == 20 && updated.Load() == 10 && deleted.Load() == 10
	})
	path := "/namespaces/" + namespace + "/configmaps"
	return map[string]any{
		"added": added.Load(), "updated": updated.Load(), "deleted": deleted.Load(),
		"watchLists": len(w.sent.matching("GET ", path, "sendInitialEvents=true")),
		"lists":      len(w.sent.matching("GET ", path)) - len(w.sent.matching("GET ", path, "watch=true")),
	}, err
}

func leaderElection(ctx context.Context, w *world) (any, error) {
	var mutex sync.Mutex
	var story []string
	say := func(what string) {
		mutex.Lock()
		defer mutex.Unlock()
		story = append(story, what)
	}
	heard := func(what string) func() bool {
		return func() bool {
			mutex.Lock()
			defer mutex.Unlock()
			return strings.Contains(strings.Join(story, "|"), what)
		}
	}
	run := func(ctx context.Context, id string) {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "election"},
			Client:     w.client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: id},
		}
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true,
			LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { say(id + " leads") },
				OnStoppedLeading: func() { say(id + " stops") },
			},
		})
	}
	first, stopFirst := context.WithCancel(ctx)
	defer stopFirst()
	go run(first, "first")
	if err := until(ctx, "the first leader", heard("first leads")); err != nil {
		return story, err
	}
	second, stopSecond := context.WithCancel(ctx)
	defer stopSecond()
	go run(second, "second")
	stopFirst()
	if err := until(ctx, "the second leader", heard("second leads")); err != nil {
		return story, err
	}
	lease, err := w.client.CoordinationV1().Leases(namespace).Get(ctx, "election", metav1.GetOptions{})
	if err != nil {
		return story, err
	}
	return map[string]any{"holder": lease.Spec.HolderIdentity, "transitions": lease.Spec.LeaseTransitions}, nil
}

func restMapping(ctx context.Context, w *world) (any, error) {
	cached := memory.NewMemCacheClient(w.client.Discovery())
	deferred := restmapper.NewDeferredDiscoveryRESTMapper(cached)
	mapper := restmapper.NewShortcutExpander(deferred, cached, func(string) {})
	found := map[string]string{}
	for _, word := range []string{"deploy", "cm", "po", "svc", "ing", "crd", "sa", "netpol", "hpa", "pdb", "sts", "cj", "pvc", "leases", "events", "clusterrolebindings"} {
		kind, err := mapper.KindFor(schema.GroupVersionResource{Resource: word})
		if err != nil {
			return found, err
		}
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return found, err
		}
		found[word] = fmt.Sprintf("%s %s %s", mapping.GroupVersionKind, mapping.Resource.Resource, mapping.Scope.Name())
	}
	if _, err := mapper.KindFor(schema.GroupVersionResource{Resource: "nonsense"}); !meta.IsNoMatchError(err) {
		return found, fmt.Errorf("nonsense: %w", err)
	}
	resources, err := cached.ServerPreferredResources()
	if err != nil {
		return found, err
	}
	// Each in its own line of work: names, scope and verbs of what both servers have.
	for _, list := range resources {
		for _, one := range list.APIResources {
			if list.GroupVersion == "v1" || list.GroupVersion == "apps/v1" || list.GroupVersion == "batch/v1" {
				sort.Strings(one.Verbs)
				found[list.GroupVersion+" "+one.Name] = fmt.Sprint(one.Kind, one.Namespaced, one.ShortNames, one.Categories, one.Verbs)
			}
		}
	}
	return found, nil
}

func pagination(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	for i := range 30 {
		page := configMap(fmt.Sprintf("page-%02d", i), nil)
		page.Labels["page"] = "yes"
		if _, err := maps.Create(ctx, page, metav1.CreateOptions{}); err != nil {
			return nil, err
		}
	}
	first, err := maps.List(ctx, metav1.ListOptions{Limit: 7})
	if err != nil {
		return nil, err
	}
	// What is deleted while one pages is still on its page.
	if err := maps.Delete(ctx, "page-29", metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	var versions []string
	seen := 0
	options := metav1.ListOptions{Limit: 7}
	for {
		list, err := maps.List(ctx, options)
		if err != nil {
			return nil, err
		}
		seen += len(list.Items)
		versions = append(versions, list.ResourceVersion)
		if list.Continue == "" {
			break
		}
		options.Continue = list.Continue
	}
	same := true
	for _, version := range versions {
		same = same && version == versions[0]
	}
	var paged int
	list := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	}))
	list.PageSize = 4
	err = list.EachListItem(ctx, metav1.ListOptions{LabelSelector: "page=yes"}, func(runtime.Object) error { paged++; return nil })
	return map[string]any{
		"firstPage": len(first.Items), "remaining": first.RemainingItemCount != nil, "pages": len(versions), "oneVersion": same,
		"seen": seen > 29, "paged": paged,
	}, err
}

func metadataClient(ctx context.Context, w *world) (any, error) {
	client, err := metadata.NewForConfig(w.config)
	if err != nil {
		return nil, err
	}
	resource := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(namespace)
	list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: "page=yes", Limit: 5})
	if err != nil {
		return nil, err
	}
	one, err := resource.Get(ctx, "page-01", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	patched, err := resource.Patch(ctx, "page-01", "application/merge-patch+json", []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
	if err != nil {
		return nil, err
	}
	return map[string]any{"items": len(list.Items), "kind": list.Kind, "one": one.Kind, "patched": patched.Annotations, "labels": one.Labels}, nil
}

func resumingWatch(ctx context.Context, w *world) (any, error) {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	start, err := maps.Create(ctx, configMap("watched", map[string]string{"n": "0"}), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	lister := &cache.ListWatch{WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
		// Each watch ends after a second: the next goes on from the last version.
		second := int64(1)
		options.TimeoutSeconds = &second
		options.FieldSelector = "metadata.name=watched"
		return maps.Watch(ctx, options)
	}}
	watcher, err := toolswatch.NewRetryWatcherWithContext(ctx, start.ResourceVersion, lister)
	if err != nil {
		return nil, err
	}
	defer watcher.Stop()
	go func() {
		for n := 1; n <= 12; n++ {
			next := configMap("watched", map[string]string{"n": fmt.Sprint(n)})
			_, _ = maps.Update(ctx, next, metav1.UpdateOptions{})
			time.Sleep(250 * time.Millisecond)
		}
		_ = maps.Delete(ctx, "watched", metav1.DeleteOptions{})
	}()
	var seen []string
	for event := range watcher.ResultChan() {
		object, ok := event.Object.(*corev1.ConfigMap)
		if !ok {
			return seen, fmt.Errorf("%s %v", event.Type, event.Object)
		}
		seen = append(seen, fmt.Sprintf("%s %s", event.Type, object.Data["n"]))
		if event.Type == watch.Deleted {
			break
		}
	}
	return seen, nil
}

func openAPI(ctx context.Context, w *world) (any, error) {
	document, err := w.client.Discovery().OpenAPISchema()
	if err != nil {
		return nil, err
	}
	paths, err := w.client.Discovery().OpenAPIV3().Paths()
	if err != nil {
		return nil, err
	}
	apps, err := paths["apis/apps/v1"].Schema("application/json")
	if err != nil {
		return nil, err
	}
	version, err := w.client.Discovery().ServerVersion()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"definitions": len(document.Definitions.AdditionalProperties) > 500,
		"core":        paths["api/v1"] != nil,
		"deployment":  strings.Contains(string(apps), "io.k8s.api.apps.v1.Deployment"),
		"version":     version.Major + "." + version.Minor,
	}, nil
}
