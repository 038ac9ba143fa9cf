package sshdtest

// Pid is the number of the server's process, for who wants to end it later
// from another process.
func (s *Server) Pid() int { return s.process.Process.Pid }
