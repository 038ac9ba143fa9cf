import { Alert } from "@mantine/core";
import { t } from "~/text/t";
import { useFocus } from "../editor";
import { PackageField, primary } from "../parts/PackageField";
import { RawProperties } from "../parts/RawProperties";

// Unknown is the form of types that have none of their own.
export function Unknown() {
  const { action } = useFocus();
  return (
    <>
      <Alert variant="default" p="8px 12px">
        {t(
          "Steps of the type {type} have no form here. They are kept as they are, and can be changed by their properties.",
          { type: action.ActionType },
        )}
      </Alert>
      {primary(action) && <PackageField />}
      <RawProperties />
    </>
  );
}
