from wardbench.cli import main

main()
