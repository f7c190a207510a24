"""What joins the tenants' clouds to each other and to the fibre. The stack's name is the federation's id."""

from luxops.domains.cloud.components.joining import join_all
from luxops.domains.cloud.programs import declared_federation

join_all(declared_federation())
