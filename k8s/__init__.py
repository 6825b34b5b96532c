"""Where does it run? Manifests of the reference service and offline checks of any service's manifests."""
