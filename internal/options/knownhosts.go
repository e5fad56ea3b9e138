package options

import "github.com/rustfile/rustfile/internal/knownhosts"

func parseKnownHosts(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	if o.Build.KnownHosts, err = knownhosts.Parse(text); err != nil {
		return v.fault(err.Error(), "paste lines of a known_hosts file, such as ssh-keyscan HOST prints, "+
			"and compare the keys with what the host's operator says: HOST ssh-ed25519 AAAA…")
	}
	return nil
}
