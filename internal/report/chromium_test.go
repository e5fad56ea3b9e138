package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/debian"
)

// browser is a headless Chromium with one page, spoken to in the DevTools
// protocol over a pair of pipes: JSON messages that end in a zero byte.
type browser struct {
	t       *testing.T
	in      *os.File
	session string

	mu     sync.Mutex
	next   int
	calls  map[int]chan message
	events []message
	closed error
}

type message struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startBrowser starts the browser of the machine, or Debian's where it can be
// installed.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	name := findBrowser(t)
	commands, in, err := os.Pipe()
	out, answers, err2 := os.Pipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	// Chromium's own sandbox needs a user other than root; it is given only the
	// pages of these tests.
	cmd := exec.Command(name, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-extensions", "--no-proxy-server",
		"--window-size=1400,1000", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{commands, answers}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	commands.Close()
	answers.Close()
	b := &browser{t: t, in: in, calls: map[int]chan message{}}
	done := make(chan struct{})
	go func() {
		b.read(bufio.NewReader(out))
		close(done)
	}()
	t.Cleanup(func() {
		in.Close() // the browser ends with the pipe
		stop := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer stop.Stop()
		_ = cmd.Wait() // its status after a closed pipe says nothing
		<-done
		out.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	path, err := debian.Need(t.Context(), t.Output(), "chromium", "chromium")
	if err != nil {
		t.Skipf("no browser: %v", err)
	}
	return path
}

// read hands every answer to its caller and keeps the events.
func (b *browser) read(r *bufio.Reader) {
	for {
		data, err := r.ReadBytes(0)
		var m message
		if err == nil {
			err = json.Unmarshal(data[:len(data)-1], &m)
		}
		b.mu.Lock()
		switch call := b.calls[m.ID]; {
		case err != nil:
			b.closed = fmt.Errorf("the browser went away: %w", err)
			for _, call := range b.calls {
				close(call)
			}
			b.calls = nil
			b.mu.Unlock()
			return
		case call != nil:
			delete(b.calls, m.ID)
			call <- m
		default:
			b.events = append(b.events, m)
		}
		b.mu.Unlock()
	}
}

// call asks the browser and decodes its answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	answer := make(chan message, 1)
	b.mu.Lock()
	if b.closed != nil {
		b.t.Fatal(b.closed)
	}
	b.next++
	id := b.next
	b.calls[id] = answer
	b.mu.Unlock()
	data, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		data, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(data, 0)); err != nil {
		b.t.Fatal(err)
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			b.t.Fatal(b.closed)
		case m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case result != nil:
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(60 * time.Second):
		b.t.Fatalf("%s: no answer in a minute", method)
	}
}

// happened returns the parameters of the events of a name.
func (b *browser) happened(method string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, e := range b.events {
		if e.Method == method {
			found = append(found, string(e.Params))
		}
	}
	return found
}

// open loads a page and waits until it has.
func (b *browser) open(url string) {
	b.t.Helper()
	loads := len(b.happened("Page.loadEventFired"))
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	for deadline := time.Now().Add(time.Minute); len(b.happened("Page.loadEventFired")) == loads; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s does not load", url)
		}
	}
}

// eval runs an expression in the page.
func (b *browser) eval(expression string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		b.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result.Value, result); err != nil {
			b.t.Fatalf("%s: %v in %q", expression, err, answer.Result.Value)
		}
	}
}

// number and text are the value of an expression.
func (b *browser) number(expression string) (n float64) {
	b.t.Helper()
	b.eval(expression, &n)
	return n
}

func (b *browser) text(expression string) (s string) {
	b.t.Helper()
	b.eval(expression, &s)
	return s
}

// click presses the mouse on the middle of an element, given as an expression.
func (b *browser) click(element string) {
	b.t.Helper()
	x, y := b.middle(element)
	b.mouse("mousePressed", x, y)
	b.mouse("mouseReleased", x, y)
	b.settle()
}

func (b *browser) middle(element string) (x, y float64) {
	b.t.Helper()
	var at [2]float64
	b.eval(`(() => { const e = `+element+`; e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, &at)
	return at[0], at[1]
}

func (b *browser) mouse(kind string, x, y float64) {
	b.t.Helper()
	params := map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
	if kind == "mouseMoved" {
		params["buttons"] = 1
	}
	b.call("Input.dispatchMouseEvent", params, nil)
}

// settle waits until the page has handled what it was sent.
func (b *browser) settle() {
	b.t.Helper()
	b.eval(`new Promise((done) => setTimeout(() => requestAnimationFrame(done), 20)).then(() => 0)`, nil)
}

// typeInto replaces the text of an input field.
func (b *browser) typeInto(element, text string) {
	b.t.Helper()
	b.eval(element+`.focus(); `+element+`.select()`, nil)
	if text == "" {
		for _, kind := range []string{"keyDown", "keyUp"} {
			b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46}, nil)
		}
	} else {
		b.call("Input.insertText", map[string]any{"text": text}, nil)
	}
	b.settle()
}

// screenshot returns a PNG of the window, or of the whole page.
func (b *browser) screenshot(whole bool) []byte {
	b.t.Helper()
	var answer struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &answer)
	png, err := base64.StdEncoding.DecodeString(answer.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}

// complaints returns what went wrong in the page: exceptions, dialogs, and
// messages such as a violated policy.
func (b *browser) complaints() []string {
	return slices.Concat(b.happened("Runtime.exceptionThrown"), b.happened("Page.javascriptDialogOpening"), b.happened("Log.entryAdded"))
}
