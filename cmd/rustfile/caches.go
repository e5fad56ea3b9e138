package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/go-csvvalue"
)

// parseCaches parses --cache-from or --cache-to: "type=...,...", or image
// references alone.
func parseCaches(flag string, values []string, getenv func(string) string) ([]client.CacheOptionsEntry, error) {
	var entries []client.CacheOptionsEntry
	for _, s := range values {
		if s == "" {
			continue
		}
		if !strings.Contains(s, "=") {
			refs, err := csvvalue.Fields(s, nil)
			if err != nil {
				return nil, fmt.Errorf("--%s %q: %w", flag, s, err)
			}
			for _, ref := range refs {
				entries = append(entries, client.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{"ref": ref}})
			}
			continue
		}
		attrs, err := csvMap(flag, s)
		if err != nil {
			return nil, err
		}
		e := client.CacheOptionsEntry{Type: attrs["type"], Attrs: attrs}
		delete(attrs, "type")
		active, err := completeCache(flag, s, e, getenv)
		if err != nil {
			return nil, err
		}
		if active {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// completeCache checks an entry and fills in what its backend takes from the
// environment. As in buildx, a GitHub cache outside of GitHub is no error but
// inactive, so that one command line serves both places.
func completeCache(flag, s string, e client.CacheOptionsEntry, getenv func(string) string) (active bool, err error) {
	need := func(keys ...string) error {
		for _, k := range keys {
			if e.Attrs[k] == "" {
				return fmt.Errorf("--%s %q: %s is missing", flag, s, k)
			}
		}
		return nil
	}
	switch e.Type {
	case "":
		return false, fmt.Errorf("--%s %q: no type, want type=registry, local, inline or gha", flag, s)
	case "registry":
		return true, need("ref")
	case "local":
		if flag == "cache-to" {
			return true, need("dest")
		}
		return true, need("src")
	case "inline":
		if flag == "cache-from" {
			return false, fmt.Errorf("--%s %q: an inline cache is read with type=registry,ref=IMAGE", flag, s)
		}
		return true, nil
	case "gha":
		githubCache(e.Attrs, getenv)
		return e.Attrs["token"] != "" && (e.Attrs["url"] != "" || e.Attrs["url_v2"] != ""), nil
	case "s3":
		awsCache(e.Attrs, getenv)
		return true, nil
	}
	// BuildKit knows its backends; a daemon without this one says so.
	return true, nil
}

// githubCache reads what the Actions runner gives to its jobs.
func githubCache(attrs map[string]string, getenv func(string) string) {
	fill := func(key, env string) {
		if v := getenv(env); attrs[key] == "" && v != "" {
			attrs[key] = v
		}
	}
	v2, _ := strconv.ParseBool(getenv("ACTIONS_CACHE_SERVICE_V2"))
	if attrs["version"] == "2" || (attrs["version"] == "" && v2) {
		fill("url_v2", "ACTIONS_RESULTS_URL")
	}
	fill("token", "ACTIONS_RUNTIME_TOKEN")
	fill("url", "ACTIONS_CACHE_URL")
	fill("url", "ACTIONS_RESULTS_URL")
}

// awsCache passes on the user's keys, all of them or none.
func awsCache(attrs map[string]string, getenv func(string) string) {
	if attrs["access_key_id"] != "" || attrs["secret_access_key"] != "" {
		return
	}
	for key, env := range map[string]string{
		"access_key_id":     "AWS_ACCESS_KEY_ID",
		"secret_access_key": "AWS_SECRET_ACCESS_KEY",
		"session_token":     "AWS_SESSION_TOKEN",
	} {
		if v := getenv(env); v != "" {
			attrs[key] = v
		}
	}
}
