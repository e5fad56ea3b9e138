package integration

import (
	"testing"

	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
)

// TestCallOfOptions: variants are targets, and the secrets that a build needs are listed.
func TestCallOfOptions(t *testing.T) {
	p := configured(t)
	var list targets.List
	call(t, p.Dir, "", "targets", &list)
	var names []string
	for _, target := range list.Targets {
		names = append(names, target.Name)
	}
	if len(names) != 2 || names[0] != "configured" || names[1] != "slow" {
		t.Errorf("targets %q", names)
	}
	var o outline.Outline
	call(t, p.Dir, "slow", "outline", &o)
	if len(o.Secrets) != 2 || o.Secrets[0].Name != "token" || !o.Secrets[0].Required || o.Secrets[1].Required {
		t.Errorf("secrets %+v", o.Secrets)
	}
}
