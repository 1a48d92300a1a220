"""Eyes (judge networks): each looks at clips and says in arrays what it sees; one file each."""
