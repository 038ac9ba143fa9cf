package store

import "context"

// Actor is who a write is done for; it is recorded with each audit event.
type Actor struct {
	UserID      string
	Username    string
	IsService   bool
	Established string // how the identity was established, such as "API key"
	IP          string
	UserAgent   string
}

// System is the actor of what the server does by itself.
var System = Actor{UserID: "users-system", Username: "system", Established: "Server task"}

type actorKey struct{}

// WithActor gives a context whose writes are done for a.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is the actor of a context; System when none was set.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return System
}
