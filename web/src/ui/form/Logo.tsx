// The pictures by which people know projects and tenants at a glance.
import { Button, FileButton, Group } from "@mantine/core";
import { useState } from "react";
import { root } from "~/api/place";
import { useSend, useSpaceId } from "~/api/query";
import { t } from "~/text/t";
import { done, failed } from "../notify";
import classes from "./form.module.css";

type Kind = "projects" | "tenants";

type PictureProps = { kind: Kind; id: string; name: string; onFound?: (found: boolean) => void };

// Logo shows the picture of a document, and nothing where it has none.
export function Logo({ kind, id, name, onFound }: PictureProps) {
  const space = useSpaceId();
  const [found, setFound] = useState(true);
  // A browser shows the picture that an address had before without asking again.
  const [at] = useState(() => Date.now());
  const tell = (is: boolean) => {
    setFound(is);
    onFound?.(is);
  };
  if (!found) return null;
  const src = `${root}/api/${space}/${kind}/${encodeURIComponent(id)}/logo?at=${at}`;
  return (
    <img
      className={classes.logo}
      src={src}
      alt={t("Logo of {name}", { name })}
      onLoad={() => tell(true)}
      onError={() => tell(false)}
    />
  );
}

type FieldProps = { kind: Kind; id: string; name: string; readOnly: boolean };

// LogoField shows the picture, takes another and removes it, each at once.
export function LogoField({ kind, id, name, readOnly }: FieldProps) {
  const [version, setVersion] = useState(0);
  const [has, setHas] = useState(false);
  const path = `/api/{spaceId}/${kind}/{id}/logo` as const;
  const changed = (said: string) => {
    setVersion(version + 1);
    done(said);
  };
  const put = useSend("put", path, { onDone: () => changed(t("The logo is set.")) });
  const remove = useSend("delete", path, {
    onDone: () => {
      setHas(false);
      changed(t("The logo is removed."));
    },
  });
  const send = (file: File | null) => {
    if (!file) return;
    const body = new FormData();
    body.append("file", file);
    put.mutate({ params: { id }, body }, { onError: failed });
  };
  return (
    <section aria-label={t("Logo")}>
      <span className={classes.label}>{t("Logo")}</span>
      <Group gap={8}>
        <Logo key={version} kind={kind} id={id} name={name} onFound={setHas} />
        {!readOnly && (
          <FileButton accept="image/png,image/jpeg,image/gif,image/webp" onChange={send}>
            {(props) => (
              <Button variant="default" loading={put.isPending} {...props}>
                {has ? t("Choose another picture…") : t("Choose a picture…")}
              </Button>
            )}
          </FileButton>
        )}
        {!readOnly && has && (
          <Button
            variant="default"
            loading={remove.isPending}
            onClick={() => remove.mutate({ params: { id } }, { onError: failed })}
          >
            {t("Remove the logo")}
          </Button>
        )}
      </Group>
    </section>
  );
}
