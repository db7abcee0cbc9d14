"""The product's addresses, and three that forget to ask whose a row is: what the walk must report."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from config.urls import urlpatterns as of_the_product
from home.admin_access import requires
from home.models import Backer, Role
from pledges.models import Pledge


@requires(*Role)
def contribution(request: HttpRequest, pledge_id: int) -> HttpResponse:
    return HttpResponse(f"{Pledge._base_manager.get(pk=pledge_id).amount}")


@requires(*Role)
def backers(request: HttpRequest) -> HttpResponse:
    return HttpResponse(", ".join(backer.name for backer in Backer._base_manager.all()))


@require_POST
@requires(*Role)
def renaming(request: HttpRequest, backer_id: int) -> JsonResponse:
    Backer._base_manager.filter(pk=backer_id).update(name="X")
    return JsonResponse({}, status=404)


urlpatterns = [
    path("admin/leaky/", backers, name="leaky_list"),
    path("admin/leaky/<int:pledge_id>/", contribution, name="leaky"),
    path("admin/leaky/<int:backer_id>/rename/", renaming, name="leaky_act"),
    *of_the_product,
]
