// Answers what Helm's template engine gives for each template on standard input: one JSON object a line,
// {"text": …, "values": …} in, {"ok": true, "out": …} or {"ok": false, "error": …} out.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

type question struct {
	Text   string         `json:"text"`
	Values map[string]any `json:"values"`
}

type answer struct {
	Ok    bool   `json:"ok"`
	Out   string `json:"out,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), 1<<28)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for scanner.Scan() {
		var q question
		if err := json.Unmarshal(scanner.Bytes(), &q); err != nil {
			panic(err)
		}
		out.Encode(render(q))
	}
}

func render(q question) answer {
	c := &chart.Chart{
		Metadata:  &chart.Metadata{Name: "c", Version: "0.1.0", APIVersion: "v2"},
		Templates: []*common.File{{Name: "templates/t", Data: []byte(q.Text)}},
	}
	values := common.Values{
		"Values":       common.Values(q.Values),
		"Release":      map[string]any{"Name": "r", "Namespace": "default"},
		"Capabilities": common.DefaultCapabilities,
	}
	rendered, err := engine.Render(c, values)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Ok: true, Out: rendered["c/templates/t"]}
}
