import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Read } from "~/ui/state";
import { LibrarySetTabs } from "./Tabs";
import { VariableEditor } from "./VariableEditor";

// LibrarySet is one set of the library with its variables.
export default function LibrarySet() {
  const set = useGet("/api/{spaceId}/libraryvariablesets/{id}", { id: useParam("set") });
  return <Read of={set}>{(data) => <Loaded key={data.Id} library={data} />}</Read>;
}

function Loaded({ library }: { library: Wire<"LibraryVariableSet"> }) {
  const space = useSpaceId();
  const set = useGet("/api/{spaceId}/variables/{id}", { id: library.VariableSetId });
  const mayEdit = useMay("LibraryVariableSetEdit");
  return (
    <Read of={set}>
      {(data) => (
        <VariableEditor
          set={data}
          label={t("Variables of {name}", { name: library.Name })}
          mayEdit={mayEdit}
          frame={(actions, body) => (
            <Page
              title={library.Name}
              crumbs={[{ label: t("Variable sets"), to: to.variableSets(space) }, { label: library.Name }]}
              actions={actions}
            >
              <LibrarySetTabs id={library.Id} />
              {library.Description && <p className="dim">{library.Description}</p>}
              {body}
            </Page>
          )}
        />
      )}
    </Read>
  );
}
