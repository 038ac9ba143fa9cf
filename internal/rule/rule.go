// Package rule decides what may be released and deployed, and where: channels
// and their version rules, release numbers, the progression through a
// lifecycle, which targets and workers a step gets. Its functions are pure:
// what they judge is handed to them, and nothing is read or written.
package rule
