// Speaks to an API server as Go programs do, through client-go: clients URL TOKEN. Prints one line of JSON for each check, with what it
// found, in an order and with words that do not change from server to server: the lines of two servers can be compared.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const namespace = "clients"

type verdict struct {
	Check string `json:"check"`
	Ok    bool   `json:"ok"`
	Found any    `json:"found,omitempty"`
	Error string `json:"error,omitempty"`
}

// world is what every check gets: clients of one server, and what they have sent.
type world struct {
	config *rest.Config
	client kubernetes.Interface
	sent   *requests
}

type check struct {
	name string
	run  func(ctx context.Context, w *world) (any, error)
}

var checks = []check{
	{"informers over a watch-list", informersOverWatchList},
	{"leader election and hand-over", leaderElection},
	{"typed server-side apply", typedApply},
	{"patches of every type", patches},
	{"dynamic client and a definition of its own", dynamicClient},
	{"cached discovery and REST mapping", restMapping},
	{"paginated lists", pagination},
	{"protobuf bodies", protobuf},
	{"tokens of service accounts", tokens},
	{"metadata client", metadataClient},
	{"scale client", scaleClient},
	{"recorded events", events},
	{"deletion with preconditions and propagation", deletion},
	{"a watch that resumes", resumingWatch},
	{"status through its subresource", status},
	{"eviction", eviction},
	{"conflicts retried", retries},
	{"OpenAPI documents", openAPI},
	{"errors that programs branch on", errorKinds},
}

func main() {
	// Asked for as an environment variable, as operators do.
	os.Setenv("KUBE_FEATURE_WatchListClient", "true")
	sent := &requests{}
	config := &rest.Config{
		Host:            os.Args[1],
		BearerToken:     os.Args[2],
		TLSClientConfig: rest.TLSClientConfig{Insecure: true},
		QPS:             1000,
		Burst:           2000,
		UserAgent:       "clients/1",
	}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &recorder{next: next, sent: sent} })
	w := &world{config: config, client: kubernetes.NewForConfigOrDie(config), sent: sent}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := prepare(ctx, w); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	for _, one := range checks {
		limited, done := context.WithTimeout(ctx, 3*time.Minute)
		found, err := one.run(limited, w)
		done()
		result := verdict{Check: one.name, Ok: err == nil, Found: found}
		if err != nil {
			result.Error = err.Error()
		}
		_ = out.Encode(result)
	}
}

func prepare(ctx context.Context, w *world) error {
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	_, err := w.client.CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{})
	return err
}

// requests remembers the method and URL of what was sent.
type requests struct {
	mutex sync.Mutex
	lines []string
}

func (r *requests) matching(parts ...string) []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var found []string
	for _, line := range r.lines {
		fits := true
		for _, part := range parts {
			fits = fits && strings.Contains(line, part)
		}
		if fits {
			found = append(found, line)
		}
	}
	return found
}

type recorder struct {
	next http.RoundTripper
	sent *requests
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.sent.mutex.Lock()
	r.sent.lines = append(r.sent.lines, request.Method+" "+request.URL.RequestURI())
	r.sent.mutex.Unlock()
	return r.next.RoundTrip(request)
}

// until asks again until it is told yes.
func until(ctx context.Context, what string, ask func() bool) error {
	for {
		if ask() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"clients": "yes"}}, Data: data}
}
