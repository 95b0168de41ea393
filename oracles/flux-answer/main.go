// Answers, one JSON line for one JSON line, what Flux's own libraries make of an input: substitution, the normalised form
// of an object, the order of application, conditions and history after some steps of a controller.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	Text      *string           `json:"text"`
	Variables map[string]string `json:"variables"`
	Lenient   bool              `json:"lenient"`
	Object    map[string]any    `json:"object"`
	Objects   []map[string]any  `json:"objects"`
	Status    *status           `json:"status"`
}

func answer(q question) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	switch {
	case q.Text != nil:
		return envsubst.Eval(*q.Text, func(name string) (string, bool) {
			value, ok := q.Variables[name]
			return value, ok || q.Lenient
		})
	case q.Object != nil:
		object := &unstructured.Unstructured{Object: q.Object}
		err := normalize.UnstructuredList([]*unstructured.Unstructured{object})
		return object.Object, err
	case q.Status != nil:
		return q.Status.after(), nil
	default:
		objects := make([]*unstructured.Unstructured, 0, len(q.Objects))
		for _, object := range q.Objects {
			objects = append(objects, &unstructured.Unstructured{Object: object})
		}
		sort.Sort(ssa.SortableUnstructureds(objects))
		names := make([]string, 0, len(objects))
		for _, object := range objects {
			names = append(names, object.GetKind()+"/"+object.GetNamespace()+"/"+object.GetName())
		}
		return names, nil
	}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		result, err := answer(q)
		if err != nil {
			_ = out.Encode(map[string]any{"error": err.Error()})
			continue
		}
		_ = out.Encode(map[string]any{"result": result})
	}
}
