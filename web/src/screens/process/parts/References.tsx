import { ActionIcon, Button, Checkbox, Group, Select, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { t } from "~/text/t";
import { useEditor, useFocus } from "../editor";
import { isTrue } from "../steps";
import { PackagePicker, type Reference, reference } from "./PackageField";
import classes from "./parts.module.css";

// References are the further packages that a script finds beside it.
export function References() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const named = (action.Packages ?? []).filter((p) => p.Name !== "");
  const change = (id: string, next: (p: Reference) => Reference) =>
    changeAction((a) => ({ ...a, Packages: (a.Packages ?? []).map((p) => (p.Id === id ? next(p) : p)) }));
  const add = () =>
    changeAction((a) => {
      const taken = new Set((a.Packages ?? []).map((p) => p.Name.toLowerCase()));
      let Name = "package";
      for (let n = 2; taken.has(Name); n++) Name = `package${n}`;
      return {
        ...a,
        Packages: [
          ...(a.Packages ?? []),
          reference({ Name, Properties: { Extract: "True", SelectionMode: "immediate" } }),
        ],
      };
    });
  return (
    <>
      <p className="dim">{t("Their folders are in the variables Octopus.Action.Package[name].ExtractedPath.")}</p>
      {named.map((p) => (
        <section key={p.Id} className={classes.box} aria-label={p.Name}>
          <Group gap={8} align="flex-end" wrap="nowrap">
            <TextInput
              label={t("Name")}
              flex={1}
              spellCheck={false}
              disabled={!mayEdit}
              value={p.Name}
              onChange={(e) => {
                // Without a name it would become the action's own package.
                const Name = e.currentTarget.value;
                if (Name !== "") change(p.Id, (r) => ({ ...r, Name }));
              }}
            />
            <Select
              label={t("Fetched to")}
              flex={1}
              disabled={!mayEdit}
              allowDeselect={false}
              data={places}
              value={p.AcquisitionLocation}
              onChange={(at) => at && change(p.Id, (r) => ({ ...r, AcquisitionLocation: at }))}
            />
            {mayEdit && (
              <ActionIcon
                aria-label={t("Remove {name}", { name: p.Name })}
                onClick={() =>
                  changeAction((a) => ({ ...a, Packages: (a.Packages ?? []).filter((r) => r.Id !== p.Id) }))
                }
              >
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
          <PackagePicker
            feed={p.FeedId}
            packageId={p.PackageId}
            disabled={!mayEdit}
            onChange={(next) => change(p.Id, (r) => ({ ...r, ...next }))}
          />
          <Checkbox
            label={t("Unpack it")}
            disabled={!mayEdit}
            checked={isTrue(p.Properties?.Extract ?? "")}
            onChange={(e) => {
              const Extract = e.currentTarget.checked ? "True" : "False";
              change(p.Id, (r) => ({ ...r, Properties: { ...r.Properties, Extract } }));
            }}
          />
        </section>
      ))}
      {mayEdit && (
        <div>
          <Button variant="default" leftSection={<IconPlus size={15} />} onClick={add}>
            {t("Add package reference")}
          </Button>
        </div>
      )}
    </>
  );
}

const places = [
  { value: "Server", label: t("The server, which sends it on") },
  { value: "ExecutionTarget", label: t("The target itself") },
  { value: "NotAcquired", label: t("Nowhere; only its version is chosen") },
];
