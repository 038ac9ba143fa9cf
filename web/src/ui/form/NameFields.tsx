import { Textarea, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import type { Fields } from "./DocumentForm";

type Named = { Name: string; Description?: string | null };

// NameFields are the name and the description that most documents have.
export function NameFields<T extends Named>({ value, put, readOnly }: Fields<T>) {
  const change = (members: Named | Partial<Named>) => put(members as Partial<T>);
  return (
    <>
      <TextInput
        label={t("Name")}
        disabled={readOnly}
        value={value.Name}
        onChange={(e) => change({ Name: e.currentTarget.value })}
      />
      <Textarea
        label={t("Description")}
        minRows={1}
        disabled={readOnly}
        value={value.Description ?? ""}
        onChange={(e) => change({ Description: e.currentTarget.value })}
      />
    </>
  );
}
