import { Button } from "@mantine/core";
import { IconBooks } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { EmptyState, Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";
import { VariableTabs } from "./Tabs";
import classes from "./VariableEditor.module.css";

// IncludedSets are the library's sets whose variables a project has too.
export default function IncludedSets() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const sets = useGet("/api/{spaceId}/libraryvariablesets/all", {});
  return (
    <Read of={project}>
      {(data) => (
        <Page title={t("Library sets")}>
          <VariableTabs project={data.Slug} />
          <Read of={sets}>
            {(all) => <Included project={data} all={all.filter((s) => s.ContentType !== "ScriptModule")} />}
          </Read>
        </Page>
      )}
    </Read>
  );
}

type Sets = { Id: string; Name: string; Description: string }[];

function Included({ project, all }: { project: Project; all: Sets }) {
  const space = useSpaceId();
  const mayEdit = useMay("ProjectEdit", { project: project.Id });
  const [chosen, choose] = useState<string[]>([]);
  const save = useSend("put", "/api/{spaceId}/projects/{id}");
  const ids = project.IncludedLibraryVariableSetIds ?? [];
  const included = ids.flatMap((id) => all.find((s) => s.Id === id) ?? []);
  const put = (IncludedLibraryVariableSetIds: string[], said: string) =>
    save.mutate(
      { params: { id: project.Id }, body: { ...project, IncludedLibraryVariableSetIds } },
      {
        onError: failed,
        onSuccess: () => {
          choose([]);
          done(said);
        },
      },
    );
  return (
    <>
      {mayEdit && (
        <div className={classes.filters}>
          <PickMany
            aria-label={t("Sets to include")}
            placeholder={t("Choose sets of the library")}
            className={classes.search}
            choices={choicesOf(all.filter((s) => !ids.includes(s.Id)))}
            value={chosen}
            onChange={choose}
          />
          <Button
            disabled={chosen.length === 0}
            loading={save.isPending}
            onClick={() => put([...ids, ...chosen], t("The sets are included."))}
          >
            {t("Include")}
          </Button>
        </div>
      )}
      {included.length === 0 ? (
        <EmptyState
          icon={IconBooks}
          title={t("No library set is included.")}
          hint={t("A library set holds variables that several projects have. Those of the project win over them.")}
        />
      ) : (
        <Table label={t("Included library sets")} head={[t("Name"), t("Description"), ""]}>
          {included.map((s) => (
            <tr key={s.Id}>
              <td>
                <Link to={to.variableSet(space, s.Id)}>{s.Name}</Link>
              </td>
              <td className="dim">{s.Description}</td>
              <td>
                {mayEdit && (
                  <Right>
                    <Button
                      variant="default"
                      onClick={() =>
                        put(
                          ids.filter((id) => id !== s.Id),
                          t("{name} is not included any more.", { name: s.Name }),
                        )
                      }
                    >
                      {t("Exclude")}
                    </Button>
                  </Right>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
