package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/template"
)

// node is one part of a path in API Gateway's tree of resources: beside fixed
// parts at most one variable, as AWS has it.
type node struct {
	fixed    map[string]*node
	variable *node
	name     string // of the variable
	greedy   bool
	function string // who serves a path that ends here
	resource string
}

// routesOf builds the tree of what the template serves. A path that API Gateway
// would refuse is refused here.
func routesOf(functions []template.Function) (*node, error) {
	root := &node{}
	for _, f := range functions {
		for _, route := range f.Routes {
			if err := root.add(route, f.Folder); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

func (n *node) add(route, function string) error {
	at := n
	for _, part := range parts(route) {
		next, err := at.child(part)
		if err != nil {
			return fmt.Errorf("route %s: %w", route, err)
		}
		at = next
	}
	if at.function != "" {
		return fmt.Errorf("route %s: served twice", route)
	}
	at.function, at.resource = function, route
	return nil
}

func (n *node) child(part string) (*node, error) {
	name, isVariable := strings.CutPrefix(part, "{")
	if !isVariable {
		if n.fixed == nil {
			n.fixed = map[string]*node{}
		}
		if n.fixed[part] == nil {
			n.fixed[part] = &node{}
		}
		return n.fixed[part], nil
	}
	name = strings.TrimSuffix(name, "}")
	name, greedy := strings.CutSuffix(name, "+")
	if n.variable == nil {
		n.variable = &node{name: name, greedy: greedy}
	}
	if n.variable.name != name || n.variable.greedy != greedy {
		return nil, fmt.Errorf("a parent takes one variable, and has {%s} already", n.variable.name)
	}
	return n.variable, nil
}

func parts(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(p string) bool { return p == "" })
}

// find walks a path down the tree; a fixed part goes before a variable, and a
// greedy variable takes the rest.
func (n *node) find(path []string) (at *node, variables map[string]string) {
	if len(path) == 0 {
		if n.function == "" {
			return nil, nil
		}
		return n, map[string]string{}
	}
	if next, ok := n.fixed[path[0]]; ok {
		if at, variables = next.find(path[1:]); at != nil {
			return at, variables
		}
	}
	if n.variable == nil {
		return nil, nil
	}
	value, rest := path[0], path[1:]
	if n.variable.greedy {
		value, rest = strings.Join(path, "/"), nil
	}
	if at, variables = n.variable.find(rest); at != nil {
		variables[n.variable.name] = value
	}
	return at, variables
}
