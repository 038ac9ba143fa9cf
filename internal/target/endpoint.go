package target

// SSH is an endpoint as values: where to connect and as whom. One of
// Password and PrivateKey is used; both are tried when both are given.
type SSH struct {
	Host        string
	Port        int // 0 means 22
	User        string
	Password    string
	PrivateKey  string // PEM, OpenSSH or PKCS formats
	Passphrase  string // of PrivateKey
	Fingerprint string // host key expected: "SHA256:…" or MD5 in hex; "" leaves it to Options.TrustUnknown
	Proxy       string // "host:port" of an HTTP proxy with CONNECT, "" for none
	Home        string // directory that holds .tako, "" for the account's home
}

// Local is the built-in worker: jobs run on the server's own machine, as the
// server's own account.
type Local struct {
	Dir string // directory that holds .tako
}
