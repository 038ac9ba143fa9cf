import { Button, Modal } from "@mantine/core";
import { IconBooks, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { Views } from "~/screens/library/Views";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";

// LibrarySets lists the sets of variables that projects can include.
export default function LibrarySets() {
  const space = useSpaceId();
  const sets = useGet("/api/{spaceId}/libraryvariablesets/all", {});
  const mayAdd = useMay("LibraryVariableSetCreate");
  const [adding, add] = useState(false);
  const button = mayAdd && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => add(true)}>
      {t("Add variable set…")}
    </Button>
  );
  return (
    <Page title={t("Variable sets")} actions={button}>
      <Views />
      <Read of={sets}>
        {(all) => {
          const shown = all.filter((s) => s.ContentType !== "ScriptModule");
          if (shown.length === 0) {
            return (
              <EmptyState
                icon={IconBooks}
                title={t("No variable sets yet.")}
                hint={t("A variable set holds variables that several projects have.")}
              >
                {button}
              </EmptyState>
            );
          }
          return (
            <Table label={t("Variable sets")} head={[t("Name"), t("Description")]}>
              {shown.map((s) => (
                <tr key={s.Id}>
                  <th scope="row">
                    <Link to={to.variableSet(space, s.Id)}>{s.Name}</Link>
                  </th>
                  <td className="dim">{s.Description}</td>
                </tr>
              ))}
            </Table>
          );
        }}
      </Read>
      <Modal opened={adding} onClose={() => add(false)} title={t("Add variable set")}>
        <AddSet onClose={() => add(false)} />
      </Modal>
    </Page>
  );
}

function AddSet({ onClose }: { onClose: () => void }) {
  const space = useSpaceId();
  const go = useGo();
  const save = useSend("post", "/api/{spaceId}/libraryvariablesets", {
    onDone: (made) => go(to.variableSet(space, made.Id)),
  });
  return (
    <AddForm
      of={save}
      action={t("Add variable set")}
      onAdd={(named) => save.mutate({ body: { ...named, ContentType: "Variables" } })}
      onClose={onClose}
    />
  );
}
