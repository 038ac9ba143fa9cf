import { Button, TextInput } from "@mantine/core";
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

export default function AddWorker() {
  const space = useSpaceId();
  const go = useGo();
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const [ssh, setSsh] = useState<Ssh>({ host: "", port: 22, account: "", fingerprint: "" });
  const [tried, setTried] = useState(false);
  const add = useSend("post", "/api/{spaceId}/workers", {
    touches: ["workerpools"],
    onDone: (made) => go(places.worker(space, made.Id)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (chosen.length === 0) return;
    add.mutate({
      body: {
        Name: name || ssh.host,
        WorkerPoolIds: chosen,
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
        title={t("Add worker")}
        crumbs={[{ label: t("Workers"), to: places.workers(space) }, { label: t("Add worker") }]}
        actions={
          <>
            <ButtonLink variant="default" to={places.workers(space)}>
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={add.isPending}>
              {t("Add worker")}
            </Button>
          </>
        }
      >
        <Refusal of={add.error} />
        <Section title={t("Worker")}>
          <div className={classes.form}>
            <SshFields of="workers" value={ssh} onChange={setSsh} />
            <TextInput
              label={t("Name")}
              placeholder={ssh.host}
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
            />
            <PickMany
              label={t("Worker pools")}
              placeholder={t("Choose at least one")}
              error={tried && chosen.length === 0 && t("A worker belongs to at least one pool: choose it.")}
              choices={choicesOf(pools.data)}
              value={chosen}
              onChange={setChosen}
            />
          </div>
        </Section>
      </Page>
    </form>
  );
}
