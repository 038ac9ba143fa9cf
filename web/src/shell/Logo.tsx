import classes from "./Shell.module.css";

// The mark: a T that is also an anchor for what is deployed.
export function Logo() {
  return (
    <span className={classes.logo}>
      <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
        <rect width="24" height="24" rx="6" className={classes.mark} />
        <path d="M6 7.5h12M12 7.5v10" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      </svg>
      <span className={classes.brand}>Tako</span>
    </span>
  );
}
