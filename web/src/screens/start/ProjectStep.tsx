import { Button, Select, TextInput } from "@mantine/core";
import { IconPackage, IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { errorOf } from "~/api/error";
import { invalidate, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { Refusal } from "~/ui/Refusal";
import classes from "./Checklist.module.css";
import { makeSample, type Plan, packageId, type Sample } from "./sample";

const samples = [
  {
    sample: "package" as Sample,
    icon: IconPackage,
    name: t("Sample website"),
    about: t("Deploys a package, {id}, which is made for you and put into the package feed of this server.", {
      id: packageId,
    }),
  },
  {
    sample: "script" as Sample,
    icon: IconTerminal2,
    name: t("Sample script"),
    about: t("Runs a few lines of Bash that read variables. The smallest process there can be."),
  },
];

// ProjectStep makes one of the samples into a project.
export function ProjectStep({ tags }: { tags: string[] }) {
  const space = useSpaceId();
  const cache = useQueryClient();
  const [sample, setSample] = useState<Sample>("package");
  const [typed, setName] = useState<string>();
  // Whoever has added a machine means to deploy to it.
  const [tag, setTag] = useState<string | null>(tags[0] ?? null);
  const name = typed ?? samples.find((s) => s.sample === sample)?.name ?? "";
  const make = useMutation<Project, unknown, Plan>({
    mutationFn: makeSample,
    onSettled: () => invalidate(cache, ["projects", "packages", "dashboard"]),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ space, sample, name, tag: sample === "package" ? tag : null });
  };
  return (
    <form onSubmit={submit} className={classes.samples}>
      <Refusal of={make.error ? errorOf(make.error) : null} />
      <fieldset className={classes.cards}>
        <legend className="visually-hidden">{t("Sample")}</legend>
        {samples.map(({ sample: value, icon: Picture, name: label, about }) => (
          <label key={value} className={classes.card}>
            <input type="radio" name="sample" checked={sample === value} onChange={() => setSample(value)} />
            <Picture size={20} stroke={1.6} aria-hidden />
            <span>
              <b>{label}</b>
              <span className="dim">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className={classes.line}>
        <TextInput
          label={t("Name of the project")}
          w={260}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        {sample === "package" && tags.length > 0 && (
          <Select
            label={t("Where it is deployed")}
            w={260}
            data={[
              { value: "", label: t("On this server, as an artifact") },
              ...tags.map((value) => ({ value, label: t("On targets tagged {value}", { value }) })),
            ]}
            allowDeselect={false}
            value={tag ?? ""}
            onChange={(value) => setTag(value || null)}
          />
        )}
        <Button type="submit" loading={make.isPending} disabled={!name.trim()}>
          {t("Add project")}
        </Button>
        <Link to={`${to.projects(space)}?add=project`}>{t("or begin with an empty one")}</Link>
      </div>
    </form>
  );
}
