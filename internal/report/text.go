package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLines is how many compiled units the text lists.
	maxLines = 20
	// maxValue is how much of an input's value is shown.
	maxValue = 48
)

// Text writes the summary for the end of a build: how many units were reused
// and compiled, and of the compiled ones those that caused the others and the
// slowest, each with its time and reasons.
func Text(w io.Writer, r *Report) error {
	units := r.compiled()
	reused, compiled := r.count()
	var b strings.Builder
	fmt.Fprintf(&b, "units: %d reused, %d compiled", reused, compiled)
	if wall, sum := span(units); sum > 0 {
		fmt.Fprintf(&b, " in %s (%s of work)", duration(wall), duration(sum))
	}
	b.WriteString("\n")
	if r.Granularity == GranularityCoarse {
		b.WriteString("granularity: coarse")
		if r.Reason != "" {
			b.WriteString(", because " + clean(r.Reason))
		}
		b.WriteString("\n")
	}
	if causes := causeCounts(units); causes != "" && compiled > 1 {
		fmt.Fprintf(&b, "why: %s\n", causes)
	}
	listed := units[:min(len(units), maxLines)]
	if len(units) == maxLines+1 {
		listed = units // one more line says as much as "1 more"
	}
	width := 0
	for _, u := range listed {
		width = max(width, min(utf8.RuneCountInString(clean(u.ID)), maxValue))
	}
	for _, u := range listed {
		line := fmt.Sprintf("  %-*s  %7s  %s", width, clean(u.ID), duration(u.Duration), reasons(u))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if rest := units[len(listed):]; len(rest) > 0 {
		_, sum := span(rest)
		fmt.Fprintf(&b, "  and %d more", len(rest))
		if sum > 0 {
			fmt.Fprintf(&b, ", %s of work", duration(sum))
		}
		b.WriteString("\n")
	}
	b.WriteString(r.Image.text())
	_, err := io.WriteString(w, b.String())
	return err
}

// causeCounts counts the units by their first reason, the most frequent first.
func causeCounts(units []*Unit) string {
	counts := map[string]int{}
	var names []string
	for _, u := range units {
		if len(u.Why) == 0 {
			continue
		}
		name := clean(u.Why[0].Input)
		if counts[name] == 0 {
			names = append(names, name)
		}
		counts[name]++
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, counts[name])
	}
	return strings.Join(names, ", ")
}

// reasons is the unit's reasons in one line.
func reasons(u *Unit) string {
	var all []string
	for _, c := range u.Why {
		all = append(all, c.String())
	}
	return strings.Join(all, "; ")
}

// String says the cause in words.
func (c Cause) String() string {
	unit, was, is := clean(c.Unit), short(c.Was), short(c.Is)
	switch c.Input {
	case CauseNew:
		return "not in the last build"
	case CauseCache:
		return "nothing changed, but no cache held it"
	case CauseKey:
		return "its key changed, none of the listed inputs did"
	case InputFeatures:
		return "features " + featureChange(c.Was, c.Is)
	case CauseDependency, CauseGroup:
		noun := map[string]string{CauseDependency: "dependency ", CauseGroup: "same vertex as "}[c.Input]
		switch {
		case c.Unit == "":
			return is
		case c.Was != "":
			return noun + unit + " (was " + was + ")"
		}
		return noun + unit + ": " + is
	}
	input := clean(c.Input)
	switch {
	case c.Was == "":
		return input + " is now " + is
	case c.Is == "":
		return input + " is no longer " + was
	case was == is:
		return input + " changed"
	}
	return input + " " + was + " -> " + is
}

// featureChange tells which of two comma-separated lists' entries came and
// went; what is no list is shown as it is.
func featureChange(was, is string) string {
	before, after := strings.Split(was, ","), strings.Split(is, ",")
	var changes []string
	for _, f := range after {
		if f != "" && !slices.Contains(before, f) {
			changes = append(changes, "+"+short(f))
		}
	}
	for _, f := range before {
		if f != "" && !slices.Contains(after, f) {
			changes = append(changes, "-"+short(f))
		}
	}
	const most = 6
	if len(changes) == 0 {
		return "changed"
	}
	if n := len(changes) - most; n > 1 {
		changes = append(changes[:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(changes, " ")
}

// short is a value for reading: digests lose most of their digits, long values
// their middle.
func short(value string) string {
	words := strings.Split(value, "@")
	for i, word := range words {
		digits := word[strings.LastIndexByte(word, ':')+1:]
		if len(digits) >= 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == "" {
			words[i] = strings.TrimSuffix(word, digits) + digits[:12]
		}
	}
	runes := []rune(clean(strings.Join(words, "@")))
	if len(runes) > maxValue {
		half := maxValue / 2
		return string(runes[:half]) + "…" + string(runes[len(runes)-half+1:])
	}
	return string(runes)
}

// clean makes a stranger's text fit for a terminal: control characters and
// those that turn the direction of text are written as escapes.
func clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// duration is a time in milliseconds for reading, "-" when unknown.
func duration(ms int64) string {
	d := time.Duration(min(ms, maxMillis/1000)) * time.Millisecond
	switch {
	case ms <= 0:
		return "-"
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
