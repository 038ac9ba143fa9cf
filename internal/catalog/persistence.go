package catalog

import (
	"net/url"
	"path"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// defaultBasePath is the folder of a project's files unless it says otherwise.
const defaultBasePath = ".octopus"

// The ways in which a project signs in to its Git repository.
const (
	GitAnonymous        = "Anonymous"
	GitUsernamePassword = "UsernamePassword"
	GitReferenced       = "Reference"
)

// Check completes settings of version control and finds what is wrong with
// them.
func (s *PersistenceSettings) Check(c *fault.Complaints) {
	s.URL, s.DefaultBranch = strings.TrimSpace(s.URL), strings.TrimPrefix(strings.TrimSpace(s.DefaultBranch), "refs/heads/")
	s.ProtectedBranchNamePatterns = tidy(s.ProtectedBranchNamePatterns)
	u, err := url.Parse(s.URL)
	_, overSSH := GitOverSSH(s.URL)
	switch {
	case overSSH && (s.Credentials == nil || s.Credentials.Type != GitReferenced):
		c.Add("PersistenceSettings.Credentials must name a Git credential of the type %s for a repository that is reached over SSH.", GitKeyPair)
	case overSSH:
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.Add("PersistenceSettings.Url must be the address of a Git repository: one that begins with https://, http:// or ssh://, or git@example.com:shop.git.")
	case u.User != nil:
		c.Add("PersistenceSettings.Url must not hold a user name or a password: put them into Credentials.")
	}
	if s.DefaultBranch == "" {
		c.Add("PersistenceSettings.DefaultBranch must not be empty.")
	}
	clean := path.Clean("/" + strings.TrimSpace(s.BasePath))
	switch {
	case strings.Contains(s.BasePath, ".."), strings.HasPrefix(clean+"/", "/.git/"), strings.ContainsAny(clean, "\\\x00\n"):
		c.Add("PersistenceSettings.BasePath must be a folder of the repository, such as %s/web.", defaultBasePath)
	case clean == "/":
		s.BasePath = defaultBasePath
	default:
		s.BasePath = clean[1:]
	}
	if s.Credentials == nil {
		s.Credentials = &ProjectGitIdentity{Type: GitAnonymous}
	}
	switch s.Credentials.Type {
	case GitUsernamePassword:
		need("PersistenceSettings.Credentials.Username", s.Credentials.Username, c)
	case GitReferenced:
		need("PersistenceSettings.Credentials.Id", s.Credentials.ID, c)
	case "", GitAnonymous:
		*s.Credentials = ProjectGitIdentity{Type: GitAnonymous}
	}
}

// File is the path of one of the project's files in the repository.
func (s *PersistenceSettings) File(name string) string { return path.Join(s.BasePath, name) }

// Protects says whether nothing is committed to a branch from here.
func (s *PersistenceSettings) Protects(branch string) bool {
	if s.ProtectedDefaultBranch && branch == s.DefaultBranch {
		return true
	}
	for _, pattern := range s.ProtectedBranchNamePatterns {
		if wildcard(pattern, branch) {
			return true
		}
	}
	return false
}

// wildcard matches a text with a pattern in which * stands for any text. Each
// part is looked for once, from the left: to try all places of all of them would
// take for ever with some patterns.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok || last == 0 {
		return ok && text == ""
	}
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[last])
}
