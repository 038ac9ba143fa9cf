import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { Refusal } from "~/ui/Refusal";
import classes from "./Checklist.module.css";

export function EnvironmentStep() {
  const [name, setName] = useState(t("Development"));
  const add = useSend("post", "/api/{spaceId}/environments", { touches: ["dashboard"] });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: { Name: name } });
  };
  return (
    <form onSubmit={submit} className={classes.line}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Name of the environment")}
        w={260}
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
        {t("Add environment")}
      </Button>
    </form>
  );
}
