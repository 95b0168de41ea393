// Nodes reads texts, one JSON string a line, and answers each with what go-yaml v3 makes of it for kyaml: the node tree with
// places and comments, and the text it is written back as ({"tree": …, "out": text} or {"err": text}).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type answer struct {
	Tree *yaml.Node `json:"tree,omitempty"`
	Out  string     `json:"out"`
	Err  string     `json:"err"`
}

func main() {
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	encoder := json.NewEncoder(writer)
	for {
		var text string
		if err := decoder.Decode(&text); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		if err := encoder.Encode(read(text)); err != nil {
			panic(err)
		}
		if err := writer.Flush(); err != nil {
			panic(err)
		}
	}
}

func read(text string) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Err: fmt.Sprint("panic: ", r)}
		}
	}()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		return answer{Err: err.Error()}
	}
	if node.Kind == 0 {
		return answer{Err: "nothing"}
	}
	out, err := yaml.String(&node)
	if err != nil {
		return answer{Err: err.Error()}
	}
	cut(&node)
	return answer{Tree: &node, Out: out}
}

// cut takes out what an alias stands for: its name is enough, and it may contain itself.
func cut(node *yaml.Node) {
	node.Alias = nil
	for _, item := range node.Content {
		cut(item)
	}
}
