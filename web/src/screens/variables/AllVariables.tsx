import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Loading, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import { BranchBar } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import { ScopeShown, ValueShown } from "./Cells";
import { type Sheet, SheetContext } from "./sheet";
import { allOf, useSources } from "./sources";
import { VariableTabs } from "./Tabs";
import classes from "./VariableEditor.module.css";
import { isSensitive } from "./variables";

// AllVariables shows what a project takes from everywhere, to be read.
export default function AllVariables() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project}>
      {(data) => (
        <Page title={t("All variables")}>
          <VariableTabs project={data.Slug} />
          <Listed project={data} />
        </Page>
      )}
    </Read>
  );
}

// readOnly is a sheet that only shows.
export const readOnly = (values: Sheet["values"]): Sheet => ({
  variables: [],
  base: [],
  values,
  warnings: new Map(),
  mayEdit: false,
  names: [],
  change: () => {},
  open: () => {},
});

function Listed({ project }: { project: Project }) {
  const space = useSpaceId();
  const [text, setText] = useQueryWord("q");
  const [branch, choose] = useBranch(project);
  const { sources, isPending } = useSources(project, branch);
  const choice = project.PersistenceSettings.ConversionState?.VariablesAreInGit && (
    <BranchBar project={project} branch={branch} onChoose={choose} />
  );
  if (isPending)
    return (
      <>
        {choice}
        <Loading />
      </>
    );
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = allOf(sources).filter(({ variable: v, source }) => {
    const all = `${v.Name} ${isSensitive(v) ? "" : v.Value} ${source.name}`.toLowerCase();
    return words.every((w) => all.includes(w));
  });
  return (
    <>
      {choice}
      <div className={classes.filters}>
        <TextInput
          aria-label={t("Filter variables")}
          placeholder={t("Filter by name, value or source")}
          leftSection={<IconSearch size={15} />}
          className={classes.search}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
        <span className="dim number">{many(shown.length, "{n} variable", "{n} variables")}</span>
      </div>
      <Table label={t("All variables")} head={[t("Name"), t("Value"), t("Scope"), t("From")]}>
        {shown.map(({ variable, source }) => (
          <tr key={variable.Id}>
            <td>
              <code>
                <b>{variable.Name}</b>
              </code>
            </td>
            <td className={classes.clipped}>
              <SheetContext value={readOnly(source.set.ScopeValues)}>
                <span className={classes.inline}>
                  <ValueShown variable={variable} />
                </span>
              </SheetContext>
            </td>
            <td>
              <SheetContext value={readOnly(source.set.ScopeValues)}>
                <ScopeShown scope={variable.Scope} />
              </SheetContext>
            </td>
            <td>
              <Link to={source.library ? to.variableSet(space, source.id) : to.variables(space, project.Slug)}>
                {source.library
                  ? source.name
                  : source.branch
                    ? t("This project, on {branch}", { branch: source.branch })
                    : t("This project")}
              </Link>
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
