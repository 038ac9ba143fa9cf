module github.com/takodeploy/tako

go 1.26
