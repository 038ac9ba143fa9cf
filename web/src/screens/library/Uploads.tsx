import { Button, Checkbox, FileButton, Progress } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useRef, useState } from "react";
import { errorOf } from "~/api/error";
import { invalidate, useSpaceId } from "~/api/query";
import { t } from "~/text/t";
import classes from "./Uploads.module.css";
import { upload } from "./upload";

type Job = { key: number; name: string; share: number; said?: string; failed?: boolean };

let made = 0;

// Uploads takes files by drop or choice and pushes them one after the other.
export function Uploads() {
  const space = useSpaceId();
  const cache = useQueryClient();
  const [jobs, setJobs] = useState<Job[]>([]);
  const [over, setOver] = useState(false);
  const [overwrite, setOverwrite] = useState(false);
  const forget = useRef<() => void>(null);

  const change = (key: number, more: Partial<Job>) =>
    setJobs((all) => all.map((j) => (j.key === key ? { ...j, ...more } : j)));

  const take = async (files: File[]) => {
    const added = files.map((file) => ({ file, job: { key: ++made, name: file.name, share: 0 } }));
    setJobs((all) => [...added.map(({ job }) => job), ...all]);
    for (const { file, job } of added) {
      try {
        const onProgress = (share: number) => change(job.key, { share });
        const pushed = await upload({ space, file, overwrite, onProgress });
        change(job.key, {
          share: 1,
          said: t("{id} {version} is there.", { id: pushed.PackageId, version: pushed.Version }),
        });
      } catch (thrown) {
        const e = errorOf(thrown);
        change(job.key, { said: [e.message, ...e.details].join(" "), failed: true });
      }
      invalidate(cache, ["packages"]);
    }
  };

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take([...event.dataTransfer.files]);
  };

  return (
    <section
      aria-label={t("Upload packages")}
      className={classes.zone}
      data-over={over || undefined}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <div className={classes.line}>
        <IconUpload size={18} aria-hidden />
        <span>
          {t("Drop packages here")}{" "}
          <span className="dim">{t("such as web.1.2.0.zip: a name, a version and what kind it is")}</span>
        </span>
        <Checkbox
          label={t("Replace what has the same version")}
          checked={overwrite}
          onChange={(e) => setOverwrite(e.currentTarget.checked)}
        />
        <FileButton
          multiple
          resetRef={forget}
          onChange={(files) => {
            // The same file can be chosen again.
            forget.current?.();
            void take(files);
          }}
        >
          {(props) => (
            <Button variant="default" {...props}>
              {t("Choose files…")}
            </Button>
          )}
        </FileButton>
      </div>
      {jobs.length > 0 && (
        <ul className={classes.jobs} aria-live="polite">
          {jobs.map((j) => (
            <li key={j.key}>
              <span className="ellipsis">{j.name}</span>
              {j.said ? (
                <span className={j.failed ? classes.failed : classes.done}>{j.said}</span>
              ) : (
                <Progress value={j.share * 100} aria-label={t("Upload of {name}", { name: j.name })} />
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
