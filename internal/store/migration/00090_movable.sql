-- +goose Up
-- The logs that are to be moved into blobs.
create index task_archive_filling on task_archive (since) where lines = 0;
