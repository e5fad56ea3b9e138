package main

import (
	"context"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// product is the name that BuildKit sees this client under.
const product = "rustfile"

// inProcess makes a solveFunc of a frontend: the build function runs in this
// process and talks to the daemon through the gateway.
func inProcess(build gateway.BuildFunc) solveFunc {
	return func(ctx context.Context, c *client.Client, opt client.SolveOpt, ch chan *client.SolveStatus) (*client.SolveResponse, map[string][]byte, error) {
		var meta map[string][]byte
		resp, err := c.Build(ctx, opt, product, func(ctx context.Context, gw gateway.Client) (*gateway.Result, error) {
			res, err := build(ctx, gw)
			if err != nil {
				return nil, err
			}
			meta = res.Metadata
			return res, nil
		}, ch)
		return resp, meta, err
	}
}
