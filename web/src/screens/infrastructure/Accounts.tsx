import { Button, Menu, Modal } from "@mantine/core";
import { IconChevronDown, IconKey } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import { AddAccount } from "./AddAccount";
import { kindOf, kinds } from "./accounts";
import { Names } from "./Names";
import { places } from "./places";
import { Views } from "./Views";

export default function Accounts() {
  const space = useSpaceId();
  const accounts = useGet("/api/{spaceId}/accounts/all", {});
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const [adding, setAdding] = useQueryWord("add");
  const mayAdd = useMay("AccountCreate");
  const kind = kindOf(adding);
  const nameOf = (id: string) => environments.data?.find((e) => e.Id === id)?.Name;
  const add = mayAdd && (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={15} aria-hidden />}>{t("Add account")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {kinds.map((k) => (
          <Menu.Item key={k.type} onClick={() => setAdding(k.type)}>
            {t(k.label)}…
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <Page title={t("Accounts")} actions={add}>
      <Views />
      <Read of={accounts}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={IconKey}
              title={t("No accounts yet. An account is what the server signs in with to machines and clouds.")}
            >
              {add}
            </EmptyState>
          ) : (
            <Table label={t("Accounts")} head={[t("Name"), t("Kind"), t("User"), t("Environments")]}>
              {all.map((a) => (
                <tr key={a.Id}>
                  <th scope="row">
                    <Link to={places.account(space, a.Id)}>{a.Name}</Link>
                  </th>
                  <td className="dim">{t(kindOf(a.AccountType)?.label ?? a.AccountType)}</td>
                  <td className="dim">{a.Username || a.AccessKey || a.ClientId}</td>
                  <td>
                    {a.EnvironmentIds?.length ? (
                      <Names of={a.EnvironmentIds.map(nameOf)} />
                    ) : (
                      <span className="dim">{t("Any")}</span>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
      <Modal
        opened={Boolean(kind)}
        onClose={() => setAdding(undefined)}
        title={t("Add account: {kind}", { kind: t(kind?.label ?? "") })}
      >
        {kind && <AddAccount kind={kind} onClose={() => setAdding(undefined)} />}
      </Modal>
    </Page>
  );
}
