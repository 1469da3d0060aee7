"""The reviewer's page: `bearbot review serve`."""
