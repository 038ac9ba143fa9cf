import { Button, TagsInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useGo } from "~/app/navigation";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import classes from "./Form.module.css";
import { places } from "./places";
import { type Ssh, SshFields } from "./SshFields";

export default function AddTarget() {
  const space = useSpaceId();
  const go = useGo();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const roles = useGet("/api/{spaceId}/machineroles/all", {});
  const [name, setName] = useState("");
  const [where, setWhere] = useState<string[]>([]);
  const [tags, setTags] = useState<string[]>([]);
  const [ssh, setSsh] = useState<Ssh>({ host: "", port: 22, account: "", fingerprint: "" });
  const [tried, setTried] = useState(false);
  const add = useSend("post", "/api/{spaceId}/machines", {
    touches: ["machineroles", "environments"],
    onDone: (made) => go(places.target(space, made.Id)),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (where.length === 0) return;
    add.mutate({
      body: {
        Name: name || ssh.host,
        EnvironmentIds: where,
        Roles: tags,
        Endpoint: {
          CommunicationStyle: "Ssh",
          Host: ssh.host,
          Port: ssh.port,
          AccountId: ssh.account,
          Fingerprint: ssh.fingerprint,
          DotNetCorePlatform: "linux-x64",
        },
      },
    });
  };

  return (
    <form onSubmit={submit}>
      <Page
        narrow
        title={t("Add target")}
        crumbs={[{ label: t("Deployment targets"), to: places.targets(space) }, { label: t("Add target") }]}
        actions={
          <>
            <ButtonLink variant="default" to={places.targets(space)}>
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={add.isPending}>
              {t("Add target")}
            </Button>
          </>
        }
      >
        <Refusal of={add.error} />
        <Section title={t("How it is reached")}>
          <div className={classes.form}>
            <p className={classes.hint}>
              {t(
                "A Linux machine with an SSH server. Nothing has to be installed on it and no rights of root are needed.",
              )}
            </p>
            <SshFields of="machines" value={ssh} onChange={setSsh} />
          </div>
        </Section>
        <Section title={t("What it is for")}>
          <div className={classes.form}>
            <TextInput
              label={t("Name")}
              placeholder={ssh.host}
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
            />
            <PickMany
              label={t("Environments")}
              placeholder={t("Choose at least one")}
              error={tried && where.length === 0 && t("A target belongs to at least one environment: choose it.")}
              choices={choicesOf(environments.data)}
              value={where}
              onChange={setWhere}
            />
            <TagsInput
              label={t("Target tags")}
              description={t("Steps choose targets by tag. Type a new one and press Enter.")}
              data={roles.data ?? []}
              value={tags}
              onChange={setTags}
            />
          </div>
        </Section>
      </Page>
    </form>
  );
}
