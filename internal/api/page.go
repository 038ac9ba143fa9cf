package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// takeDefault is the size of a page when the client does not say.
const takeDefault = 30

// Page is the envelope of a list.
type Page struct {
	ItemType       string
	TotalResults   int
	ItemsPerPage   int
	NumberOfPages  int
	LastPageNumber int
	Items          json.RawMessage
	Links          map[string]string
}

// takeMost is what clients send who want everything.
const takeMost = 1<<31 - 1

// Paging reads skip and take. A page of nothing is allowed: it counts.
func (r *Request) Paging() (skip, take int, err error) {
	if skip, err = r.Int("skip", 0); err != nil {
		return 0, 0, err
	}
	take, err = r.Int("take", takeDefault)
	return min(skip, takeMost), min(take, takeMost), err
}

// PageFrom answers with the page that is asked for of all items.
func (r *Request) PageFrom(itemType string, items [][]byte) (Page, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return Page{}, err
	}
	total := len(items)
	items = items[min(skip, total):]
	return r.PageOf(itemType, items[:min(take, len(items))], total, skip, take), nil
}

// PageOf wraps one page of items, already in wire form.
func (r *Request) PageOf(itemType string, items [][]byte, total, skip, take int) Page {
	size := take
	if size <= 0 {
		size, items = max(total, 1), nil
	}
	pages := max((total+size-1)/size, 1)
	p := Page{ItemType: itemType, TotalResults: total, ItemsPerPage: take, NumberOfPages: pages, LastPageNumber: pages - 1, Items: join(items)}
	path := r.URL.Path
	at := func(s int) string {
		q := url.Values{}
		for k, v := range r.URL.Query() {
			if !strings.EqualFold(k, "skip") && !strings.EqualFold(k, "take") {
				q[k] = v
			}
		}
		q.Set("skip", strconv.Itoa(s))
		q.Set("take", strconv.Itoa(take))
		return path + "?" + q.Encode()
	}
	p.Links = map[string]string{
		"Self": at(skip), "Template": path + "{?skip,take,ids,partialName}",
		"Page.All": fmt.Sprintf("%s?skip=0&take=%d", path, takeMost), "Page.Current": at(skip), "Page.Last": at((pages - 1) * size),
	}
	if skip+size < total {
		p.Links["Page.Next"] = at(skip + size)
	}
	if skip > 0 {
		p.Links["Page.Previous"] = at(max(skip-size, 0))
	}
	return p
}

// PageValues is PageOf for values that are not in wire form yet; all are the
// items of every page.
func PageValues[T any](r *Request, itemType string, all []T) (Page, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return Page{}, err
	}
	total := len(all)
	all = all[min(skip, total):]
	if take > 0 {
		all = all[:min(take, len(all))]
	}
	items := make([][]byte, len(all))
	for i, v := range all {
		if items[i], err = json.Marshal(v); err != nil {
			return Page{}, fmt.Errorf("encoding %s: %w", itemType, err)
		}
	}
	return r.PageOf(itemType, items, total, skip, take), nil
}

func join(items [][]byte) json.RawMessage {
	n := 2
	for _, it := range items {
		n += len(it) + 1
	}
	var b bytes.Buffer
	b.Grow(n)
	b.WriteByte('[')
	for i, it := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(it)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// pageOf wraps one page of values; total counts those of all pages.
func pageOf[T any](r *Request, itemType string, values []T, total, skip, take int) (Page, error) {
	items := make([][]byte, len(values))
	for i, v := range values {
		var err error
		if items[i], err = json.Marshal(v); err != nil {
			return Page{}, fmt.Errorf("encoding %s: %w", itemType, err)
		}
	}
	return r.PageOf(itemType, items, total, skip, take), nil
}
