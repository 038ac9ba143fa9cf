import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Parameters } from "../templates/Parameters";

type Props = {
  value: Wire<"Parameter">[] | null;
  onChange: (list: Wire<"Parameter">[]) => void;
  readOnly: boolean;
  // none says whose tenants are asked, where there are none yet.
  none: string;
};

// TenantTemplates are the variables that each tenant has a value of its own for.
export function TenantTemplates({ none, ...list }: Props) {
  const words = { title: t("Variables of tenants"), add: t("Add template"), one: t("Template"), none };
  return <Parameters {...list} words={words} />;
}
