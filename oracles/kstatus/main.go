// Reads objects, one JSON document a line, and writes what kstatus makes of each, one line each.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		object := &unstructured.Unstructured{}
		answer := map[string]string{}
		if err := object.UnmarshalJSON(in.Bytes()); err != nil {
			answer["error"] = err.Error()
		} else if result, err := status.Compute(object); err != nil {
			answer["status"], answer["error"] = "Unknown", err.Error()
		} else {
			answer["status"], answer["message"] = result.Status.String(), result.Message
		}
		if err := out.Encode(answer); err != nil {
			panic(err)
		}
	}
}
