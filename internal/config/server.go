// Package config is what a server is told before it runs: one struct, filled
// from flags, the environment and a file by the tags on its fields, in that
// order of precedence. Every setting can be given in each of the three ways,
// so that a container, a unit file and a developer's shell need no glue, and
// every complaint names the setting, what is wrong and what to do.
package config

import (
	"time"

	"github.com/takodeploy/tako/internal/secret"
)

// Server is every setting of a server. The names of the environment that other
// deployment servers' containers use are accepted beside Tako's own.
type Server struct {
	Storage

	NodeName string `name:"node-name" placeholder:"NAME" from:"TAKO_NODE_NAME,OCTOPUS_SERVER_NODE_NAME" help:"Name of this node, different on each; the host's name unless given."`
	TaskCap  int    `name:"task-cap" default:"-1" placeholder:"NUMBER" from:"TAKO_TASK_CAP,TASK_CAP" help:"How many tasks this node runs at once; as it was last set unless given, and 5 at first."`

	WorkerPods string `name:"worker-pods" type:"path" placeholder:"FILE" from:"TAKO_WORKER_PODS" help:"In Kubernetes: run what the built-in worker would run in pods, one for each job, made from the pod manifest in this file."`

	Web   Web   `embed:"" group:"Web"`
	Admin Admin `embed:"" prefix:"admin-" group:"First administrator"`
	Log   Log   `embed:"" prefix:"log-" group:"Log"`
	SMTP  SMTP  `embed:"" prefix:"smtp-" group:"Mail"`

	DrainTimeout time.Duration `name:"drain-timeout" default:"20s" from:"TAKO_DRAIN_TIMEOUT" help:"How long a stop waits for requests that are under way."`
	Maintenance  bool          `name:"maintenance" from:"TAKO_MAINTENANCE" help:"Start in maintenance mode: only administrators change anything."`
}

// Storage is where a server keeps what it knows. The commands of
// administration need this part of the settings.
type Storage struct {
	Config File `name:"config" type:"path" placeholder:"FILE" from:"TAKO_CONFIG" help:"Read settings from this file, one 'name: value' a line."`

	DataDir     string      `name:"data" type:"path" default:"data" from:"TAKO_DATA" help:"Folder for everything that the server keeps."`
	DatabaseURL secret.Text `name:"database" placeholder:"URL" from:"TAKO_DATABASE,DB_CONNECTION_STRING" help:"PostgreSQL database, as postgres://user:password@host/name; the file tako.db in the data folder unless given."`
	MasterKey   secret.Text `name:"master-key" placeholder:"KEY" from:"TAKO_MASTER_KEY,MASTER_KEY" help:"Base64 key that sealed values are read with; made and kept in the data folder unless given."`

	Blob   Blob   `embed:"" prefix:"blob-" group:"Packages, artifacts and logs"`
	Backup Backup `embed:"" prefix:"backup-" group:"Continuous backup"`
}

// AsBefore as the number of tasks leaves what was last set.
const AsBefore = -1

// Off as the address of an optional listener means that there is none.
const Off = "off"

// Web is where and how the server is reached.
type Web struct {
	Listen         string   `name:"listen" default:":8080" placeholder:"HOST:PORT" from:"TAKO_LISTEN" help:"Address of the web site and API."`
	URL            string   `name:"url" placeholder:"URL" from:"TAKO_URL,OCTOPUS_SERVER_URL" help:"Address by which people and agents reach this server, for links and sign-in."`
	PollingListen  string   `name:"polling-listen" default:":10943" placeholder:"HOST:PORT" from:"TAKO_POLLING_LISTEN" help:"Address that polling agents connect to; 'off' for none."`
	TLSCert        string   `name:"tls-cert" type:"path" placeholder:"FILE" from:"TAKO_TLS_CERT" help:"Certificate chain in PEM; the web site then speaks HTTPS."`
	TLSKey         string   `name:"tls-key" type:"path" placeholder:"FILE" from:"TAKO_TLS_KEY" help:"Private key of the certificate in PEM."`
	TrustedProxies []string `name:"trusted-proxies" placeholder:"CIDR" from:"TAKO_TRUSTED_PROXIES" help:"Networks of proxies whose X-Forwarded-For is believed."`
}

// Admin is the user that is made when a server starts for the first time.
type Admin struct {
	Username string      `name:"username" placeholder:"NAME" from:"TAKO_ADMIN_USERNAME,ADMIN_USERNAME" help:"User name of the first administrator."`
	Password secret.Text `name:"password" placeholder:"PASSWORD" from:"TAKO_ADMIN_PASSWORD,ADMIN_PASSWORD" help:"Password of the first administrator."`
	Email    string      `name:"email" placeholder:"ADDRESS" from:"TAKO_ADMIN_EMAIL,ADMIN_EMAIL" help:"Mail address of the first administrator."`
	APIKey   secret.Text `name:"api-key" placeholder:"KEY" from:"TAKO_ADMIN_API_KEY,ADMIN_API_KEY" help:"API key of the first administrator: API- and upper-case letters and digits."`
}

// Blob is where packages, artifacts and old logs lie.
type Blob struct {
	Store     string      `name:"store" placeholder:"FOLDER|URL" from:"TAKO_BLOB_STORE" help:"A folder, or s3://bucket/prefix; 'blobs' in the data folder unless given."`
	Endpoint  string      `name:"endpoint" placeholder:"URL" from:"TAKO_BLOB_ENDPOINT" help:"Address of an S3-compatible service; Amazon's unless given."`
	Region    string      `name:"region" placeholder:"NAME" from:"TAKO_BLOB_REGION,AWS_REGION" help:"Region of the bucket."`
	AccessKey string      `name:"access-key" placeholder:"ID" from:"TAKO_BLOB_ACCESS_KEY,AWS_ACCESS_KEY_ID" help:"Access key id; the machine's own role unless given."`
	SecretKey secret.Text `name:"secret-key" placeholder:"KEY" from:"TAKO_BLOB_SECRET_KEY,AWS_SECRET_ACCESS_KEY" help:"Secret of the access key."`
}

// Backup is where a copy of everything is kept while the server works.
type Backup struct {
	To        string        `name:"to" placeholder:"FOLDER|URL" from:"TAKO_BACKUP_TO" help:"A folder on another disk, or s3://bucket/prefix, that follows the database and its files within seconds; none unless given. For the database file only, not for PostgreSQL."`
	Keep      time.Duration `name:"keep" default:"168h" from:"TAKO_BACKUP_KEEP" help:"How far back a restore can go."`
	Drill     time.Duration `name:"drill" default:"24h" from:"TAKO_BACKUP_DRILL" help:"How often the backup is restored into a folder of its own, to know that it can be; 0 for never."`
	Restore   string        `name:"restore" enum:"never,present,required" default:"never" from:"TAKO_BACKUP_RESTORE" help:"What a start without a database does, ${enum}: begin empty; bring the backup back if there is one; bring it back and never begin empty."`
	Return    Return        `embed:"" prefix:"restore-"`
	Endpoint  string        `name:"endpoint" placeholder:"URL" from:"TAKO_BACKUP_ENDPOINT" help:"Address of the S3-compatible service; with access and secret key and region, that of the blobs unless given."`
	Region    string        `name:"region" placeholder:"NAME" from:"TAKO_BACKUP_REGION" help:"Region of the bucket."`
	AccessKey string        `name:"access-key" placeholder:"ID" from:"TAKO_BACKUP_ACCESS_KEY" help:"Access key id."`
	SecretKey secret.Text   `name:"secret-key" placeholder:"KEY" from:"TAKO_BACKUP_SECRET_KEY" help:"Secret of the access key."`
}

// Return is a restore that is done at a start, once.
type Return struct {
	Name  string `name:"name" placeholder:"NAME" from:"TAKO_BACKUP_RESTORE_NAME" help:"Put the present database aside and bring a backup back: once for each name, whatever is started how often."`
	At    string `name:"at" placeholder:"TIME" from:"TAKO_BACKUP_RESTORE_AT" help:"Time to go back to, such as 2026-11-27T09:30:00Z; the newest unless given."`
	From  string `name:"from" placeholder:"FOLDER|URL" from:"TAKO_BACKUP_RESTORE_FROM" help:"The backup-to of the server whose backup it is; this one's unless given."`
	Files string `name:"files" placeholder:"FOLDER|URL" from:"TAKO_BACKUP_RESTORE_FILES" help:"The blob-store of that server, when it is a bucket."`
}

// Log is how the server speaks of itself.
type Log struct {
	Format string `name:"format" enum:"auto,json,text" default:"auto" from:"TAKO_LOG_FORMAT" help:"${enum}; auto is text on a terminal and JSON elsewhere."`
	Level  string `name:"level" enum:"debug,info,warn,error" default:"info" from:"TAKO_LOG_LEVEL" help:"Least level that is written: ${enum}."`
}

// SMTP is how mail is sent. What is set here is the start; the settings page
// can change it.
type SMTP struct {
	Host     string        `name:"host" placeholder:"HOST" from:"TAKO_SMTP_HOST" help:"Mail server; no mail is sent unless given."`
	Port     int           `name:"port" default:"587" from:"TAKO_SMTP_PORT" help:"Port of the mail server."`
	Username string        `name:"username" placeholder:"NAME" from:"TAKO_SMTP_USERNAME" help:"User at the mail server."`
	Password secret.Text   `name:"password" placeholder:"PASSWORD" from:"TAKO_SMTP_PASSWORD" help:"Password at the mail server."`
	From     string        `name:"from" placeholder:"ADDRESS" from:"TAKO_SMTP_FROM" help:"Sender of the mails."`
	TLS      string        `name:"tls" enum:"starttls,tls,none" default:"starttls" from:"TAKO_SMTP_TLS" help:"How the connection is protected: ${enum}."`
	Timeout  time.Duration `name:"timeout" default:"30s" from:"TAKO_SMTP_TIMEOUT" help:"How long sending one mail may take."`
}
