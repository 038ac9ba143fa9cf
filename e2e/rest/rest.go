// Package rest is the small HTTP client that end-to-end programs talk to a
// server with: requests with an API key, answers as plain JSON values.
package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// Client talks to one server.
type Client struct {
	URL    string // without a slash at the end
	APIKey string
	HTTP   *http.Client
}

// Object is a JSON object.
type Object = map[string]any

// Error is an answer that is none of 2xx.
type Error struct {
	Status  int
	Method  string
	Path    string
	Message string
	Errors  []string
}

// Error names the request and what the server said.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %d %s %s", e.Method, e.Path, e.Status, e.Message, strings.Join(e.Errors, " "))
}

// Do sends body, unless it is nil, as JSON and decodes the answer into out,
// unless that is nil.
func (c *Client) Do(method, path string, body, out any) error {
	var r io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encoding the body of %s %s: %w", method, path, err)
		}
		r = bytes.NewReader(data)
	}
	return c.send(method, path, "application/json", r, out)
}

func (c *Client) send(method, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequest(method, c.URL+path, body)
	if err != nil {
		return fmt.Errorf("making the request %s %s: %w", method, path, err)
	}
	req.Header.Set("Content-Type", contentType)
	if c.APIKey != "" {
		req.Header.Set("X-Octopus-ApiKey", c.APIKey)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading the answer of %s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		var problem struct {
			ErrorMessage string
			Errors       []string
		}
		_ = json.Unmarshal(data, &problem)
		return &Error{resp.StatusCode, method, path, problem.ErrorMessage, problem.Errors}
	}
	switch o := out.(type) {
	case nil:
		return nil
	case *string:
		*o = string(data)
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("decoding the answer of %s %s: %w", method, path, err)
	}
	return nil
}

// Get reads an object.
func (c *Client) Get(path string) (Object, error) {
	var o Object
	return o, c.Do("GET", path, nil, &o)
}

// Post creates something and gives what the server made of it.
func (c *Client) Post(path string, body any) (Object, error) {
	var o Object
	return o, c.Do("POST", path, body, &o)
}

// Put changes something and gives what the server made of it.
func (c *Client) Put(path string, body any) (Object, error) {
	var o Object
	return o, c.Do("PUT", path, body, &o)
}

// Upload pushes a package under a file name.
func (c *Client) Upload(path, name string, content []byte) (Object, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return nil, fmt.Errorf("preparing an upload: %w", err)
	}
	if _, err := part.Write(content); err != nil {
		return nil, fmt.Errorf("preparing an upload: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("preparing an upload: %w", err)
	}
	var o Object
	return o, c.send("POST", path, w.FormDataContentType(), &b, &o)
}

// Until asks again and again until done says so, for as long as patience lasts.
func (c *Client) Until(path string, patience time.Duration, done func(Object) bool) (Object, error) {
	deadline := time.Now().Add(patience)
	for {
		o, err := c.Get(path)
		if err != nil {
			return nil, err
		}
		if done(o) {
			return o, nil
		}
		if time.Now().After(deadline) {
			return o, fmt.Errorf("waited %s for %s in vain", patience, path)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
