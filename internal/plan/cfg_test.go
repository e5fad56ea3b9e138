package plan

import "testing"

func TestAppliesTo(t *testing.T) {
	const arm, s390x, musl, armv7 = "aarch64-unknown-linux-gnu", "s390x-unknown-linux-gnu", "x86_64-unknown-linux-musl", "armv7-unknown-linux-musleabihf"
	for _, tc := range []struct {
		key, triple string
		want        bool
	}{
		{arm, arm, true},
		{arm, musl, false},
		{"cfg(unix)", arm, true},
		{"cfg(windows)", arm, false},
		{`cfg(target_os = "linux")`, arm, true},
		{`cfg(target_arch="aarch64")`, arm, true},
		{`cfg(target_arch = "aarch64")`, musl, false},
		{`cfg(not(target_env = "musl"))`, musl, false},
		{`cfg(not(target_env = "musl"))`, arm, true},
		{`cfg(all(unix, target_endian = "big"))`, s390x, true},
		{`cfg(all(unix, target_endian = "big"))`, arm, false},
		{`cfg( any( windows , all(target_arch = "x86_64", target_env = "musl"), ) )`, musl, true},
		{`cfg(any(windows, target_env = "gnu"))`, musl, false},
		{`cfg(all(target_arch = "arm", target_pointer_width = "32", target_env = "musl"))`, armv7, true},
		{`cfg(all(target_arch = "arm", target_os = "none"))`, "thumbv7em-none-eabihf", true},
		{`cfg(any(unix, windows))`, "thumbv7em-none-eabihf", false},
		{`cfg(all(target_arch = "riscv32", target_pointer_width = "32"))`, "riscv32imac-unknown-none-elf", true},
		{`cfg(target_os = "uefi")`, "x86_64-unknown-uefi", true},
		{`cfg(all(windows, target_env = "gnu"))`, "x86_64-pc-windows-gnu", true},
		{`cfg(unix)`, "x86_64-pc-windows-gnu", false},
		{`cfg(all())`, arm, true},
		{`cfg(any())`, arm, false},
		{`cfg(`, arm, false},
		{`cfg(all(unix`, arm, true},
		{`cfg(some(unix))`, arm, false},
		{`cfg(target_feature = "avx2")`, musl, false},
	} {
		if got := appliesTo(tc.key, tc.triple); got != tc.want {
			t.Errorf("%s applies to %s: %v, want %v", tc.key, tc.triple, got, tc.want)
		}
	}
}
